/** What opening needs of an engine, beyond the port that the rest of lotbook sees. */
import type { Database } from "../database.ts";
import type { RoleMode } from "./role.ts";

export interface Engine extends Database {
  /** As whom sessions run: `owner` until `enterRuntimeRole` has succeeded. */
  readonly role: RoleMode;
  /** From now on sessions run as the runtime role, where that is possible. */
  enterRuntimeRole(): Promise<void>;
  /** Tells other processes that find the database locked where this one serves; nothing on a server. */
  announce(address: string): void;
}
