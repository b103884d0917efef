/** Proofs and copies: verify, checkpoints, exports into another ledger, copies row for row. */
import { expect } from "vitest";
import type { Dice } from "../../../src/testing/histories.ts";
import type { Store } from "../stores.ts";
import type { World } from "../world.ts";

interface Verified {
  readonly ok: boolean;
  readonly digest: string | null;
  readonly checks: readonly { readonly id: string; readonly violations: number }[];
}

/** Verifies a store; every invariant holds. Gives the digest. */
export async function verify(
  world: World,
  options: readonly string[] = [],
  store: Store = world.main,
): Promise<string | null> {
  const { ok, checks, digest } = await world.look<Verified>(["verify", ...options], store);
  expect(checks.filter(({ violations }) => violations > 0)).toEqual([]);
  expect([ok, checks.length > 0]).toEqual([true, true]);
  return digest;
}

export async function verifyAll(world: World, dice: Dice): Promise<void> {
  const { standing, published } = world.model.versions;
  const options = dice.once(2) ? ["--recompute"] : [];
  if (standing.length > 0 && dice.once(2)) {
    options.push("--version", `${dice.pick(standing).version}`);
    await verify(world, options);
    return;
  }
  const digest = await verify(world, options);
  if (published === undefined) return;
  const state = published.states.at(-1)!;
  expect(digest).toBe(world.model.versions.earlierDigest(published.scope, state, digest!));
}

/** A checkpoint, and the key that it was signed with. */
export interface Kept {
  readonly file: string;
  readonly key: string;
}

const kept = new WeakMap<World, Kept[]>();

export async function checkpoint(world: World, dice: Dice): Promise<void> {
  const { standing } = world.model.versions;
  if (world.model.facts.all.length === 0 || standing.length === 0) return;
  const notes = kept.get(world) ?? [];
  kept.set(world, notes);
  if (notes.length > 0 && dice.once(2)) {
    const { file, key } = dice.pick(notes);
    await verify(world, ["--against", file, "--key", key]);
    return;
  }
  const key = notes[0]?.key ?? world.path("key");
  // A key is random: what its making prints is not in the transcript.
  if (notes.length === 0) await world.secretly(["checkpoint", "new-key", key]);
  const file = world.path("checkpoint");
  await world.secretly(["checkpoint", file, "--key", key]);
  notes.push({ file, key });
}

/** All facts into another ledger: computed, they give the same digest. */
export async function exportAndImport(world: World, dice: Dice): Promise<void> {
  const { facts, versions } = world.model;
  const directory = world.path("export");
  await world.change(["export", directory]);
  await world.other.empty();
  if (facts.all.length === 0) return;
  const argv = ["--format", "json", "import", `${directory}/facts.ndjson`];
  const ended = await world.command(argv, world.other);
  expect(ended.status, ended.stderr).toBe(0);
  expect(JSON.parse(ended.stdout)).toMatchObject({ recorded: facts.all.length, duplicates: 0 });
  const scope = dice.pick(["portfolio", "account"] as const);
  const { digest } = await world.look<{ digest: string }>(
    ["compute", "--scope", scope],
    world.other,
  );
  const state = { revision: 0, taken: versions.recorded() };
  expect(digest).toBe(versions.earlierDigest(scope, state, digest));
  const again = await world.command(argv, world.other);
  expect(JSON.parse(again.stdout)).toMatchObject({ recorded: 0, batch: null });
  if (dice.once(3)) await verify(world, [], world.other);
}

/** The whole ledger, row for row: it verifies, and answers as the original does. */
export async function copyAndCompare(world: World, dice: Dice): Promise<void> {
  await world.other.empty();
  const argv = ["db", "copy", world.other.directory];
  await world.change(argv);
  if (world.model.facts.all.length > 0 || world.model.versions.all.length > 0)
    await world.change(argv, 2);
  if (world.asked.length > 0) await world.askAgain(dice.pick(world.asked), world.other);
  const notes = kept.get(world) ?? [];
  const [note] = notes;
  const against = note === undefined ? [] : ["--against", note.file, "--key", note.key];
  await verify(world, against, world.other);
}
