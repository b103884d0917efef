/** Faults of the pure core and of what is hashed: caught without a database. */
import { faultsOf } from "./fault.ts";

const cases = "test/cases/cases.test.ts";

export const coreFaults = [
  ...faultsOf("src/core/matching/fifo.ts", cases, {
    "LIFO instead of FIFO": [
      "this.#lots.push(movement);",
      "this.#lots.splice(this.#head, 0, movement);",
    ],
    "the head moves on by two": ["this.#head += 1;", "this.#head += 2;"],
    "the share of a later slice taken apart from the lot's earlier ones": [
      "this.#prefix = prefixShare(open.fee, this.#consumed, open.quantity);",
      "this.#prefix = before + prefixShare(open.fee, quantity, open.quantity);",
    ],
    "the last slice of a lot carries the whole fee": [
      "const share = this.#prefix === 0n ? open.fee : open.fee - this.#prefix;",
      "const share = open.fee;",
    ],
    "the unmatched part carries none of the fee": [
      "sink.allocation(close, undefined, slice, wanted, 0n, close.fee - closePrefix);",
      "sink.allocation(close, undefined, slice, wanted, 0n, 0n);",
    ],
    "a lot that is used up to the last bit stays": [
      "const openShare = left === wanted ? this.#useUp(open) : this.#use(open, wanted);",
      "const openShare = this.#use(open, wanted);",
    ],
  }),
  ...faultsOf("src/core/matching/fifo.ts", "src/core/matching/walk.test.ts", {
    "a used-up lot too many is cut off the queue": [
      "this.#lots.splice(0, this.#head);",
      "this.#lots.splice(0, this.#head + 1);",
    ],
  }),
  ...faultsOf("src/core/matching/walk.ts", cases, {
    "an unmatched sale is healed by a later buy": [
      "for (const movement of movements) {\n      if (last !== undefined &&",
      "for (const movement of movements.toSorted((a, b) => +b.opens - +a.opens)) {\n" +
        "      if (false && last &&",
    ],
  }),
  ...faultsOf("src/core/shares.ts", "src/core/shares.test.ts", {
    "shares are rounded, not cut": [
      "return (amount * consumed) / quantity;",
      "return (2n * amount * consumed + quantity) / (2n * quantity);",
    ],
    "a share is taken of the slice alone, not as a difference of prefixes": [
      "return prefixShare(amount, after, quantity) - prefixShare(amount, before, quantity);",
      "return prefixShare(amount, after - before, quantity);",
    ],
  }),
  ...faultsOf("src/core/movement.ts", [cases, "src/core/movement.test.ts"], {
    "a fee is kept at the full scale of a product": [
      "while (feeScale > 18 && fee % 10n === 0n) {",
      "while (feeScale > 36 && fee % 10n === 0n) {",
    ],
    "a fee in the base asset is not taken off a buy": [
      "quantity = buys ? quantity - baseFee : quantity + baseFee;",
      "quantity = buys ? quantity : quantity + baseFee;",
    ],
    "a fee in the base asset is worth nothing": [
      "fee = fee * unit + baseFee * price;",
      "fee = fee * unit;",
    ],
    "the value of a third-asset fee is ignored": [
      "let fee = parts.thirdValue === 0n ? parts.quoteFee : parts.quoteFee + parts.thirdValue;",
      "let fee = parts.quoteFee;",
    ],
    "an unknown value of a fee counts as none": [
      "missing: parts.valueMissing ? (buys ? missingOpenCost : missingCloseFee) : 0,",
      "missing: 0,",
    ],
    "accounts share lots though each is a pool": [
      'return scope === "portfolio" ? "" : `${venue}\\0${account}`;',
      'return scope === "portfolio" ? "" : venue;',
    ],
  }),
  ...faultsOf("src/core/matching/amounts.ts", cases, {
    "a rebate raises the cost": [
      "return share === 0n ? cost : cost + widen(share, open.feeScale);",
      "return share === 0n ? cost : cost + widen(share < 0n ? -share : share, open.feeScale);",
    ],
    "the closing fee is not taken off": [
      "const netProceeds = closeShare === 0n ? proceeds : proceeds - widen(closeShare, close.feeScale);",
      "const netProceeds = proceeds;",
    ],
  }),
  ...faultsOf("src/core/order.ts", cases, {
    "buys and sells of one instant are in no order": [
      'return left.side === "buy" ? -1 : 1;',
      "return 0;",
    ],
    "a venue's sequence is ignored": ["return key.sequence === undefined ? 1 : 2;", "return 1;"],
    "buys come before sells whatever the sequence says": [
      "compareSequence(left, right) ||\n    compareSide(left, right) ||",
      "compareSide(left, right) ||\n    compareSequence(left, right) ||",
    ],
    "sequences come before times": [
      "if (left.at < right.at) return -1;",
      "if (left.sequence && right.sequence) return compareWithinInstant(left, right);\n" +
        "  if (left.at < right.at) return -1;",
    ],
  }),
  ...faultsOf("src/core/order.ts", "src/core/order.test.ts", {
    "text compares by code units, not by bytes": [
      "return byteRank(leftUnit) - byteRank(rightUnit);",
      "return leftUnit - rightUnit;",
    ],
  }),
  ...faultsOf("src/core/standing.ts", cases, {
    "a void is ignored": [
      "    if (voided.has(name)) continue;\n    const plain",
      "    const plain",
    ],
    "a replacement is taken for what it replaces": [
      "return nameOf(fact.kind, fact.venue, fact.account, id, fact.revision);",
      "return nameOf(fact.kind, fact.venue, fact.account, id, 0);",
    ],
  }),
  ...faultsOf("src/core/matching/divergence.ts", "src/core/matching/divergence.test.ts", {
    "a replay stops with the head lot as it was": [
      "return this.#differences.size === 0 && this.#repriced.size === 0;",
      "return this.#differences.size < 2 && this.#repriced.size === 0;",
    ],
    "a replay stops within a lot whose fee changed": [
      "return this.#differences.size === 0 && this.#repriced.size === 0;",
      "return this.#differences.size === 0;",
    ],
  }),
  ...faultsOf("src/core/time.ts", "src/core/time.test.ts", {
    "a zone east of UTC counts as west": [
      "return code === 45 ? -(hours",
      "return code === 43 ? -(hours",
    ],
  }),
  ...faultsOf("src/seal/leaf.ts", "src/seal/vectors.test.ts", {
    "a seal leaves out the one before it": [
      "  record.hash(3, seal.previous);\n  record.hash(4, seal.batch);",
      "  record.hash(4, seal.batch);",
    ],
    "a seal leaves out the observations": ["  record.hash(10, seal.observationRoot);\n", ""],
  }),
];
