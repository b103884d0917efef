/** What a bench prints: a line a figure, with its bound where it has one. */

export const write = (line: string): boolean => process.stdout.write(`${line}\n`);

const line = (name: string, value: number, unit: string): string =>
  `  ${name.padEnd(54)} ${value.toFixed(2).padStart(8)}${unit}`;

export class Figures {
  #broken = 0;

  /** A figure that must not be above its bound. */
  judge(name: string, value: number, bound: number, unit = ""): void {
    const held = value <= bound;
    if (!held) this.#broken += 1;
    write(`${line(name, value, unit)}   bound ${bound}${unit}   ${held ? "held" : "BROKEN"}`);
  }

  /** A figure without a bound. */
  tell(name: string, value: number, unit = ""): void {
    write(line(name, value, unit));
  }

  /** Makes the process end with 1 where a bound is broken. */
  conclude(): void {
    if (this.#broken === 0) return;
    write(`${this.#broken} bounds broken`);
    process.exitCode = 1;
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}

/** Milliseconds that `work` takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ took: number; result: T }> {
  const begin = performance.now();
  const result = await work();
  return { took: performance.now() - begin, result };
}
