/** A planted fault: a small change of one source file, and the tests that ought to notice it. */
export interface Fault {
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files, the narrowest that know the rule. */
  readonly tests: readonly string[];
  /** Only tests whose names match: for files that take long. */
  readonly named?: string;
}

/** As faults are written down: those of one file of the system and one file of tests stand together. */
export type Changes = Readonly<Record<string, readonly [find: string, replace: string]>>;

export function faultsOf(
  file: string,
  tests: string | readonly string[],
  changes: Changes,
  named?: string,
): Fault[] {
  return Object.entries(changes).map(([name, [find, replace]]) => ({
    name,
    file,
    find,
    replace,
    tests: typeof tests === "string" ? [tests] : tests,
    ...(named === undefined ? {} : { named }),
  }));
}
