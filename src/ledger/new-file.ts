/** Files that lotbook makes and never writes over. */
import { access } from "node:fs/promises";
import { LotbookError } from "../errors.ts";

/** Throws BAD_USAGE where a file of that name is there. */
export async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new LotbookError("BAD_USAGE", `${path} is there already`, {
      advice: "Name another: it is not written over.",
    });
}
