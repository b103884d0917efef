/** Speed of src/seal, in nanoseconds a call: `node bench/seal.ts`. */
import type { Fill } from "../src/core/fact.ts";
import { allocationRowHash, openLotRowHash, rowsHash } from "../src/seal/digest.ts";
import { factLeaf, identity, telling } from "../src/seal/leaf.ts";
import { RootBuilder } from "../src/seal/merkle.ts";

const count = 300_000;

function measure(name: string, work: (index: number) => void): void {
  for (let index = 0; index < count / 4; index += 1) work(index);
  const start = process.hrtime.bigint();
  for (let index = 0; index < count; index += 1) work(index);
  const nanos = (process.hrtime.bigint() - start) / BigInt(count);
  process.stdout.write(`${name.padEnd(28)} ${nanos} ns\n`);
}

const fills: Fill[] = [];
const tellings: string[] = [];
for (let index = 0; index < 20_000; index += 1) {
  const fillId = `5b1c9f3e-7d21-4c55-9e0a-${(index * 7919).toString(16).padStart(12, "0")}`;
  const price = `67${index % 1000}.${(index % 89) + 11}7`;
  fills.push({
    kind: "fill",
    portfolio: "default",
    symbol: "BTC-USD",
    venue: "coinbase",
    account: "main",
    fillId,
    revision: 0,
    executedAt: 1_772_460_311_123_456_789n + BigInt(index) * 977_000_000n,
    side: index % 2 === 0 ? "buy" : "sell",
    quantity: `0.00${(index % 977) + 1}7`,
    price,
    fees: [{ asset: "USD", amount: `0.${(index % 977) + 1}3` }],
    sequence: BigInt(index + 1000),
    orderId: `a7c1e0d2-11aa-4bbb-8ccc-${(index * 104_729).toString(16).padStart(12, "0")}`,
  });
  tellings.push(
    `${fillId},2026-03-02T14:05:11.123456789Z,default,main,coinbase,BTC-USD,buy,0.0017,${price},0.5,USD,` +
      `a7c1e0d2-11aa-4bbb-8ccc-${index.toString(16).padStart(12, "0")},${index},`,
  );
}
const fillAt = (index: number): Fill => fills[index % fills.length]!;
const leaves = fills.map((fill) => factLeaf(fill));
const identities = fills.map((fill) =>
  identity("fill", fill.venue, fill.account, fill.fillId, fill.revision),
);

measure("factLeaf (fill)", (index) => factLeaf(fillAt(index)));
measure("telling", (index) => telling("lotbook-csv", tellings[index % tellings.length]!));
measure("identity", (index) => {
  const fill = fillAt(index);
  identity("fill", fill.venue, fill.account, fill.fillId, fill.revision);
});
const builder = new RootBuilder();
measure("RootBuilder.add", (index) => builder.add(leaves[index % leaves.length]!));
measure("RootBuilder of 1, with root", (index) => {
  const single = new RootBuilder();
  single.add(leaves[index % leaves.length]!);
  single.root();
});
measure("allocationRowHash", (index) => {
  const fill = fillAt(index);
  allocationRowHash({
    close: identities[index % identities.length]!,
    closedAt: fill.executedAt,
    open: identities[(index + 1) % identities.length]!,
    openedAt: fill.executedAt,
    quantity: fill.quantity,
    openShare: "0.123456789012345678",
    closeShare: "0.234567890123456789",
    costBasis: "1234.567890123456789012",
    proceeds: "1334.56789",
    pnl: "100.012345678901234567",
    missing: 0,
  });
});
measure("openLotRowHash", (index) => {
  const fill = fillAt(index);
  openLotRowHash({
    open: identities[index % identities.length]!,
    openedAt: fill.executedAt,
    quantity: fill.quantity,
    openShare: "0.123456789012345678",
    costBasis: "1234.567890123456789012",
    missing: 0,
  });
});
const day = leaves.slice(0, 100);
measure("rowsHash of 100 rows", () => rowsHash(day));
