import type { Method } from "../../core/matching/walk.ts";
import type { Scope } from "../../core/movement.ts";
import type { Connection } from "../../store/database.ts";

/** Raised only when conclusions could change. */
export const engineVersion = 1;

/** How fees count: docs/spec/numbers.md 3. */
export const feePolicy = "in basis and proceeds";

/** What a version is computed by. */
export interface Policy {
  readonly method: Method;
  readonly scope: Scope;
  readonly feePolicy: string;
  readonly engineVersion: number;
}

export interface Version extends Policy {
  readonly version: number;
}

/** The version that reports read when none is named; undefined before the first is published. */
export async function publishedVersion(connection: Connection): Promise<Version | undefined> {
  const [row] = await connection.query<{
    version: number;
    method: Method;
    scope: Scope;
    fee_policy: string;
    engine_version: number;
  }>(
    `SELECT v.version, v.method, v.scope, v.fee_policy, v.engine_version FROM versions v
     WHERE v.version = (SELECT r.version FROM revisions r WHERE r.kind = 'publish'
       ORDER BY r.revision DESC LIMIT 1)`,
  );
  if (row === undefined) return undefined;
  return {
    version: row.version,
    method: row.method,
    scope: row.scope,
    feePolicy: row.fee_policy,
    engineVersion: row.engine_version,
  };
}
