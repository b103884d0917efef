/** What the ledger is expected to be: facts, tellings, versions, questions. It reads no database. */
import type { Fact } from "../../../src/core/fact.ts";
import { Facts } from "./facts.ts";
import { Judge } from "./judge.ts";
import { Review } from "./review.ts";
import type { Judged, Told } from "./telling.ts";
import { Versions } from "./versions.ts";

export class Model {
  readonly facts = new Facts();
  readonly judge = new Judge(this.facts);
  readonly versions = new Versions(this.facts);
  readonly review = new Review(this.facts, this.versions);
  /** Runs of the computation log. */
  runs = { done: 0, failed: 0 };

  /** A batch that was acknowledged. */
  record(files: readonly (readonly Told[])[]): Judged[][] {
    const judged = this.judge.record(files);
    for (const file of judged) this.review.hear(file);
    return judged;
  }

  /** Facts that a person appended; `original`: the one that keeps the words of a source. */
  amend(facts: readonly Fact[], original?: { fact: Fact; told: Told }): void {
    this.judge.amend(facts, original);
  }
}
