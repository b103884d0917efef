/**
 * What a ledger is put to while it is killed: facts with numbers for ids, recorded, computed and published
 * in small pieces, each acknowledged. No test framework here: processes that die load it.
 */
import type { FillInput } from "../../src/index.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";
import { Dice } from "../../src/testing/histories.ts";

export const phases = ["ingest", "compute", "publish"] as const;
export type Phase = (typeof phases)[number];

/** What was acknowledged: all facts up to a number, a revision, the published version. */
export interface Acknowledged {
  facts: number;
  computed: number;
  revision: number;
  published: number;
}

export const nothing: Readonly<Acknowledged> = { facts: 0, computed: 0, revision: 0, published: 0 };

/** What is there, as one who opens the ledger finds it. */
export interface Found extends Acknowledged {
  /** Facts that are there; those with numbers up to `facts` and no other. */
  readonly count: number;
  readonly violations: readonly string[];
}

/** Fill `n`: its time is late or early by its number, so that some come late. */
function fillOf(number: number): FillInput {
  const dice = new Dice(number);
  const minute = dice.once(6) ? dice.below(Math.max(1, number)) : number;
  return {
    fillId: `${number}`,
    portfolio: dice.once(2) ? "default" : "fund",
    symbol: "BTC-USD",
    executedAt: new Date(Date.UTC(2026, 2, 1) + minute * 60_000).toISOString(),
    side: dice.below(9) < 5 ? "buy" : "sell",
    quantity: `${1 + dice.below(5)}`,
    price: `${90 + dice.below(20)}`,
    orderId: "x".repeat(dice.below(60)),
  };
}

export const fillsAfter = (last: number, count: number): FillInput[] =>
  Array.from({ length: count }, (_, index) => fillOf(last + 1 + index));

export async function find(ledger: Ledger): Promise<Found> {
  const [row] = await ledger.database.connect((connection) =>
    connection.query<{ facts: number; count: number; computed: number; revision: number }>(
      `SELECT (SELECT coalesce(max(fill_id::integer), 0) FROM fills) AS facts,
         (SELECT count(*)::integer FROM fills) AS count,
         (SELECT last::integer FROM revision_counter) AS revision,
         (SELECT coalesce(sum(computed_entry), 0)::integer FROM book_states WHERE superseded IS NULL
          AND version = (SELECT version FROM revisions WHERE kind = 'publish'
                         ORDER BY revision DESC LIMIT 1)) AS computed`,
    ),
  );
  const versions = await ledger.versions();
  const { checks } = await ledger.verify();
  const violations = checks
    .filter((check) => check.violations > 0)
    .map(({ id, violations: count }) => `${id}: ${count}`);
  const published = versions.find((each) => each.published)?.version ?? 0;
  return { ...row!, published, violations };
}

type Tell = (acknowledged: Partial<Acknowledged>) => void;

/** Works without end; `tell` is called after each piece. */
export async function work(
  ledger: Ledger,
  phase: Phase,
  found: Acknowledged,
  dice: Dice,
  tell: Tell,
): Promise<never> {
  let facts = found.facts;
  const record = async (count: number): Promise<void> => {
    await ledger.record(fillsAfter(facts, count));
    facts += count;
    tell({ facts });
  };
  const compute = async (full: boolean): Promise<void> => {
    const { revision, version } = await ledger.compute({ full });
    tell({ computed: facts, revision: revision ?? 0, published: version });
  };
  // What the one before had recorded without hearing of it may be recorded again: nothing is doubled.
  if (facts > 0) await ledger.record(fillsAfter(facts - 1, 1));
  for (;;) {
    if (phase === "ingest") await record(dice.once(5) ? 200 : 1 + dice.below(8));
    else if (phase === "compute") {
      await record(1 + dice.below(6));
      await compute(dice.once(3));
    } else await publish(ledger, dice, compute, tell);
  }
}

/** Another version is published, an old one dropped. */
async function publish(
  ledger: Ledger,
  dice: Dice,
  compute: (full: boolean) => Promise<void>,
  tell: Tell,
): Promise<void> {
  const standing = (await ledger.versions()).filter((each) => !each.dropped);
  if (standing.length < 2 || dice.once(4)) return compute(true);
  const other = standing.findLast((each) => !each.published)!;
  if (standing.length > 2) {
    const { revision } = await ledger.drop(standing.find((each) => !each.published)!.version);
    return tell({ revision });
  }
  const { revision, version } = await ledger.publish(other.version);
  tell({ revision, published: version });
}
