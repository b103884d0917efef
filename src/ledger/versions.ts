/** Versions: which there are, which one reports read, and how one goes. */
import { LotbookError } from "../errors.ts";
import type { Database } from "../store/database.ts";
import { currentDigest } from "./compute/compute.ts";
import { publishedVersion, standingVersion } from "./compute/policy.ts";
import { takeRevision } from "./compute/revision.ts";
import { alone } from "./compute/run.ts";
import type { Ports } from "./ports.ts";

export interface VersionRow {
  readonly version: number;
  readonly method: string;
  readonly scope: string;
  readonly fee_policy: string;
  readonly engine_version: number;
  readonly created_at: string;
  readonly published: boolean;
  /** The revision that finished its first build. */
  readonly revision: number;
  readonly dropped: boolean;
}

/** All versions whose first build was finished, dropped ones included. */
export async function listVersions(database: Database): Promise<VersionRow[]> {
  return database.connect(async (connection) => {
    const published = await publishedVersion(connection);
    const rows = await connection.query<
      Omit<VersionRow, "published" | "revision"> & { revision: bigint }
    >(
      `SELECT v.version, v.method, v.scope, v.fee_policy, v.engine_version,
         to_char(v.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at, r.revision,
         EXISTS (SELECT FROM revisions d WHERE d.version = v.version AND d.kind = 'drop') AS dropped
       FROM versions v
       JOIN LATERAL (SELECT min(revision) AS revision FROM revisions r WHERE r.version = v.version
        AND r.kind = 'step') r
         ON r.revision IS NOT NULL
       ORDER BY v.version`,
    );
    return rows.map((row) => ({
      ...row,
      revision: Number(row.revision),
      published: row.version === published?.version,
    }));
  });
}

/** One flip of the published pointer: a revision of its own. */
export async function publishVersion(
  database: Database,
  ports: Ports,
  version: number,
): Promise<{ version: number; revision: number }> {
  return alone(
    database,
    () => {},
    () =>
      database.connect((connection) =>
        connection.transaction(async () => {
          const found = await standingVersion(connection, version);
          const digest = await currentDigest(connection, found);
          const text = { kind: "publish", version, bookId: null, digest, inputs: [] } as const;
          const revision = await takeRevision(connection, text);
          ports.failpoint("publish.flipped");
          return { version, revision: Number(revision) };
        }),
      ),
  );
}

export async function dropVersion(
  database: Database,
  ports: Ports,
  version: number,
): Promise<{ version: number; revision: number }> {
  return alone(
    database,
    () => {},
    () =>
      database.connect((connection) =>
        connection.transaction(async () => {
          await standingVersion(connection, version);
          const published = await publishedVersion(connection);
          if (published?.version === version) {
            throw new LotbookError("REFUSED", `version ${version} is the published one`, {
              advice: "Publish another first: lotbook versions publish N.",
            });
          }
          await connection.query("SELECT drop_version_partitions($1)::text", [version]);
          const text = { kind: "drop", version, bookId: null, digest: null, inputs: [] } as const;
          const revision = await takeRevision(connection, text);
          ports.failpoint("drop.dropped");
          return { version, revision: Number(revision) };
        }),
      ),
  );
}
