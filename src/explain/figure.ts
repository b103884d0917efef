/** Figures, and what of them does not agree with what is stored. */
import { Exact } from "./exact.ts";
import type { Disagreement, Figure } from "./node.ts";

/** A figure that is stored nowhere: what its arithmetic gives. */
export function computed(formula: string, arithmetic: string, value: Exact): Figure {
  return { formula, arithmetic, value: value.toString() };
}

/** Holds what is stored against what the facts give. */
export class Agreement {
  readonly disagreements: Disagreement[] = [];

  /** A stored figure beside its arithmetic; `value` is undefined where the facts don't give it. */
  figure(
    what: string,
    stored: string | null,
    formula: string,
    arithmetic: string,
    value: Exact | undefined,
  ): Figure {
    const figure = { formula, arithmetic: value === undefined ? null : arithmetic, value: stored };
    const same = this.hold(what, stored, value === undefined ? null : value.toString());
    return same ? figure : { ...figure, computed: value === undefined ? null : value.toString() };
  }

  /** Whether two texts are one; notes it where they are not. */
  hold(what: string, stored: string | null, given: string | null): boolean {
    if (stored === given) return true;
    this.disagreements.push({ what, stored, computed: given });
    return false;
  }
}
