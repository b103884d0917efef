/** Runs the simulation of a seed; of one that fails, finds fewer steps that still fail and the replay. */
import { planOf, simulate, type Simulated, type Step, StepError } from "./simulation.ts";
import type { Stores } from "./stores.ts";

export interface ShrinkOptions {
  /** Steps to choose from; those of the seed when left out. */
  readonly plan?: readonly Step[];
  /** Places in the plan of the steps to take; all when left out. */
  readonly places?: readonly number[];
  /** How long to look for a shorter sequence. */
  readonly milliseconds: number;
}

const shownCommands = 6;

/** Runs a seed. Throws an error that names the shortest sequence found, and the line that replays it. */
export async function simulateOrShrink(
  stores: Stores,
  seed: number,
  { plan = planOf(seed), places = [...plan.keys()], milliseconds }: ShrinkOptions,
): Promise<Simulated> {
  const failureOf = async (tried: readonly number[]): Promise<StepError | Simulated> => {
    try {
      return await simulate(
        stores,
        seed,
        tried.map((place) => plan[place]!),
      );
    } catch (error) {
      if (error instanceof StepError) return error;
      throw error;
    }
  };
  const outcome = await failureOf(places);
  if (!(outcome instanceof StepError)) return outcome;
  const end = performance.now() + milliseconds;
  let failing = { places, error: outcome };
  for (
    let size = Math.ceil(places.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < failing.places.length && performance.now() < end;) {
      const fewer = failing.places.filter((_, index) => index < from || index >= from + size);
      const error = await failureOf(fewer);
      if (error instanceof StepError) failing = { places: fewer, error };
      else from += size;
    }
  }
  throw described(seed, plan, failing);
}

function described(
  seed: number,
  plan: readonly Step[],
  { places, error }: { readonly places: readonly number[]; readonly error: StepError },
): Error {
  const names = places.map((place) => plan[place]!.operation).join(", ");
  const replay =
    `LOTBOOK_SEED=${seed} LOTBOOK_STEPS=${places.join(",")} LOTBOOK_TEST_ENGINES=pglite ` +
    "npx vitest run test/simulate/simulate.test.ts";
  const last = error.transcript.slice(-shownCommands).join("\n");
  return new Error(
    `${error.message}\nreplay: ${replay}\nfails with ${places.length} steps: ${names}\n${last}`,
    { cause: error.cause },
  );
}
