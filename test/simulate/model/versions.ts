/** The versions that were computed: how many facts of each book they had taken, revision by revision. */
import type { Fact } from "../../../src/core/fact.ts";
import { Conclusions, type Scope } from "./conclusions.ts";
import { type Facts, factText } from "./facts.ts";

/** By book, how many of its facts are taken. */
export type Taken = ReadonlyMap<string, number>;

export interface State {
  readonly revision: number;
  readonly taken: Taken;
}

export interface Version {
  readonly version: number;
  readonly scope: Scope;
  readonly states: State[];
  dropped: boolean;
}

export class Versions {
  readonly all: Version[] = [];
  published: Version | undefined;
  /** The last revision seen: they only grow. */
  revision = 0;
  readonly #facts: Facts;
  /** By policy and facts: the digest that they have, always and everywhere. */
  readonly #digests = new Map<string, string>();

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  get standing(): Version[] {
    return this.all.filter((version) => !version.dropped);
  }

  /** How far all books are recorded. */
  recorded(): Map<string, number> {
    return new Map([...this.#facts.books].map(([book, facts]) => [book, facts.length]));
  }

  takenFacts({ taken }: State): Map<string, Fact[]> {
    return new Map(
      [...taken].map(([book, count]) => [book, this.#facts.books.get(book)!.slice(0, count)]),
    );
  }

  conclusions(version: Version, state: State = version.states.at(-1)!, asOf?: bigint): Conclusions {
    return new Conclusions(this.takenFacts(state), version.scope, asOf);
  }

  /** Facts that the published version has not taken in. */
  notYetComputed({ taken }: State): number {
    const counts = [...this.recorded()].map(([book, count]) => count - (taken.get(book) ?? 0));
    return counts.reduce((total, count) => total + count, 0);
  }

  /** Says which digest the same facts by the same policy had before, and remembers this one. */
  earlierDigest(scope: Scope, state: State, digest: string): string {
    const facts = [...this.takenFacts(state).values()].flat().map(factText).toSorted();
    const key = JSON.stringify([scope, facts]);
    const earlier = this.#digests.get(key) ?? digest;
    this.#digests.set(key, earlier);
    return earlier;
  }
}
