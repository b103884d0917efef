import type { Method } from "../../core/matching/walk.ts";
import type { Scope } from "../../core/movement.ts";
import { LotbookError } from "../../errors.ts";
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

interface VersionRow {
  readonly version: number;
  readonly method: Method;
  readonly scope: Scope;
  readonly fee_policy: string;
  readonly engine_version: number;
}

const columns = "v.version, v.method, v.scope, v.fee_policy, v.engine_version";

const versionOf = ({
  version,
  method,
  scope,
  fee_policy,
  engine_version,
}: VersionRow): Version => ({
  version,
  method,
  scope,
  feePolicy: fee_policy,
  engineVersion: engine_version,
});

/** The version that reports read when none is named; undefined before the first is published. */
export async function publishedVersion(connection: Connection): Promise<Version | undefined> {
  const [row] = await connection.query<VersionRow>(
    `SELECT ${columns} FROM versions v WHERE v.version =
       (SELECT r.version FROM revisions r WHERE r.kind = 'publish' ORDER BY r.revision DESC LIMIT 1)`,
  );
  return row === undefined ? undefined : versionOf(row);
}

/** A version that was built and not dropped. */
export async function standingVersion(connection: Connection, version: number): Promise<Version> {
  const [row] = await connection.query<VersionRow>(
    `SELECT ${columns} FROM versions v WHERE version = $1
       AND EXISTS (SELECT FROM revisions r WHERE r.version = v.version AND r.kind = 'step')
       AND NOT EXISTS (SELECT FROM revisions r WHERE r.version = v.version AND r.kind = 'drop')`,
    [version],
  );
  if (row !== undefined) return versionOf(row);
  throw new LotbookError("NOT_FOUND", `there is no version ${version}`, {
    advice: "lotbook versions list shows those there are.",
  });
}
