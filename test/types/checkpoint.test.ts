/**
 * The public types of checkpoints and proofs. `tsc` judges these; running them only shows that they were
 * looked at.
 */
import { describe, expectTypeOf, it } from "vitest";
import type {
  AgainstOptions,
  CheckpointOptions,
  CheckpointResult,
  Difference,
  Extension,
  Ledger,
  ProofFileResult,
  ProofOptions,
} from "../../src/index.ts";

describe("the types of checkpoints", () => {
  it("take files of a key and of a note", () => {
    expectTypeOf<Ledger["checkpoint"]>().parameters.toEqualTypeOf<[CheckpointOptions]>();
    expectTypeOf<{ key: string; file: string }>().toExtend<CheckpointOptions>();
    expectTypeOf<{ file: string }>().not.toExtend<CheckpointOptions>();
    expectTypeOf<{ key: string; file: string }>().toExtend<AgainstOptions>();
  });

  it("give counts that no number holds, and hashes and times as text", () => {
    expectTypeOf<Ledger["checkpoint"]>().returns.resolves.toEqualTypeOf<CheckpointResult>();
    expectTypeOf<CheckpointResult["facts"]>().toEqualTypeOf<bigint>();
    expectTypeOf<CheckpointResult["root"]>().toEqualTypeOf<string>();
    expectTypeOf<CheckpointResult["time"]>().toEqualTypeOf<string>();
  });

  it("tell what a ledger has otherwise", () => {
    expectTypeOf<Ledger["compareWithCheckpoint"]>().returns.resolves.toEqualTypeOf<Extension>();
    expectTypeOf<Extension["differences"]>().toEqualTypeOf<readonly Difference[]>();
    expectTypeOf<Difference["portfolio"]>().toEqualTypeOf<string | undefined>();
  });
});

describe("the types of proofs", () => {
  it("take a file, and a key that may be left out", () => {
    type Parts = Parameters<Ledger["exportProof"]>;
    expectTypeOf<Parts[0]>().toEqualTypeOf<string>();
    expectTypeOf<Parts[1]>().toEqualTypeOf<ProofOptions | undefined>();
    expectTypeOf<{ key: undefined }>().toExtend<ProofOptions>();
  });

  it("say what may be null", () => {
    expectTypeOf<Ledger["exportProof"]>().returns.resolves.toEqualTypeOf<ProofFileResult>();
    expectTypeOf<ProofFileResult["key_id"]>().toEqualTypeOf<string | null>();
    expectTypeOf<ProofFileResult["version"]>().toEqualTypeOf<number | null>();
    expectTypeOf<ProofFileResult["digest"]>().toEqualTypeOf<string | null>();
  });
});
