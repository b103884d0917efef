/** Sessions run as a role that owns nothing, where the server lets them; see migrations/000003_role.sql. */
import type { Row, Value } from "../database.ts";

export const runtimeRole = "lotbook_runtime";

export type RoleMode = "runtime" | "owner";

type Query = (text: string, values: readonly Value[]) => Promise<Row[]>;

/** Becomes the runtime role if it exists, may be set and has its grants in this database. */
export async function takeRuntimeRole(query: Query): Promise<RoleMode> {
  // Roles belong to the whole server: another database may have made it, and this one may lack its grants.
  const found = await query(
    "SELECT has_schema_privilege(rolname, 'lotbook', 'USAGE') AS granted FROM pg_roles " +
      "WHERE rolname = $1 AND to_regnamespace('lotbook') IS NOT NULL",
    [runtimeRole],
  );
  if (found[0]?.["granted"] !== true) return "owner";
  try {
    await query(`SET ROLE ${runtimeRole}`, []);
    return "runtime";
  } catch (error) {
    // 42501: not a member of it.
    if ((error as { code?: unknown }).code === "42501") return "owner";
    throw error;
  }
}
