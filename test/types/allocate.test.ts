/** The public types of allocate. `tsc` judges these; running them only shows that they were looked at. */
import { describe, expectTypeOf, it } from "vitest";
import type { Fact } from "../../src/core/fact.ts";
import {
  allocate,
  type AllocateOptions,
  type AllocateResult,
  type Allocation,
  type FactInput,
  type FillInput,
  type InvalidFactError,
  type OpenLotLeft,
  type UnmatchedSale,
} from "../../src/index.ts";

const fill = {
  fillId: "b",
  executedAt: 0n,
  symbol: "A-B",
  side: "buy",
  quantity: "1",
  price: "1",
} as const;

describe("the types of allocate", () => {
  it("take facts and options, and give rows", () => {
    type Parts = Parameters<typeof allocate>;
    expectTypeOf<Parts[0]>().toEqualTypeOf<readonly FactInput[]>();
    expectTypeOf<Parts[1]>().toEqualTypeOf<AllocateOptions | undefined>();
    expectTypeOf(allocate).returns.toEqualTypeOf<AllocateResult>();
    expectTypeOf<AllocateOptions["method"]>().toEqualTypeOf<"fifo" | undefined>();
    expectTypeOf<AllocateOptions["scope"]>().toEqualTypeOf<"portfolio" | "account" | undefined>();
  });

  it("need six properties of a fill, and let undefined stand for what is left out", () => {
    expectTypeOf(fill).toExtend<FillInput>();
    expectTypeOf<typeof fill & { fee: undefined }>().toExtend<FactInput>();
    expectTypeOf<Omit<typeof fill, "price">>().not.toExtend<FactInput>();
    expectTypeOf<Omit<typeof fill, "fillId">>().not.toExtend<FactInput>();
  });

  it("refuse numbers and dates where they would lose something", () => {
    expectTypeOf<FillInput["quantity"]>().toEqualTypeOf<string>();
    expectTypeOf<FillInput["executedAt"]>().toEqualTypeOf<string | bigint>();
    // @ts-expect-error an amount is text
    void (() => allocate([{ ...fill, quantity: 1 }]));
    // @ts-expect-error a side is buy or sell
    void (() => allocate([{ ...fill, side: "short" }]));
    // @ts-expect-error an opening lot has a key, and no fill id
    void (() => allocate([{ ...fill, kind: "opening lot" }]));
    // @ts-expect-error no such method yet
    void (() => allocate([fill], { method: "lifo" }));
  });

  it("take every recorded fact as it is", () => {
    expectTypeOf<Fact>().toExtend<FactInput>();
  });

  it("say what may be null", () => {
    expectTypeOf<Allocation["pnl"]>().toEqualTypeOf<string | null>();
    expectTypeOf<Allocation["costBasis"]>().toEqualTypeOf<string | null>();
    expectTypeOf<Allocation["openPrice"]>().toEqualTypeOf<string | null>();
    expectTypeOf<Allocation["openFillId"]>().toEqualTypeOf<string>();
    expectTypeOf<OpenLotLeft["costBasis"]>().toEqualTypeOf<string | null>();
    expectTypeOf<UnmatchedSale>().not.toHaveProperty("pnl");
    expectTypeOf<UnmatchedSale["netProceeds"]>().toEqualTypeOf<string>();
  });

  it("tell an error's place", () => {
    expectTypeOf<InvalidFactError["index"]>().toEqualTypeOf<number>();
    expectTypeOf<InvalidFactError["field"]>().toEqualTypeOf<string | undefined>();
  });
});
