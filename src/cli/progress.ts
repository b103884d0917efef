/** How far a long command has come: one line on stderr that rewrites itself, and only on a terminal. */

interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const barWidth = 24;
const millisecondsApart = 100;

export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total?: number | undefined;
}

/** `recording ━━━━━━──── 25% 25000/100000`. */
export function progressText({ phase, done, total }: Progress): string {
  if (total === undefined || total <= 0) return `${phase} ${done}`;
  const part = Math.min(1, done / total);
  const full = Math.round(part * barWidth);
  const bar = "━".repeat(full) + "─".repeat(barWidth - full);
  return `${phase} ${bar} ${Math.floor(part * 100)}% ${done}/${total}`;
}

export class ProgressLine {
  readonly #stream: ProgressStream;
  #shownAt = 0;
  #shown = false;

  constructor(stream: ProgressStream) {
    this.#stream = stream;
  }

  update(progress: Progress): void {
    if (this.#stream.isTTY !== true) return;
    const now = performance.now();
    const ended = progress.total !== undefined && progress.done >= progress.total;
    if (this.#shown && !ended && now - this.#shownAt < millisecondsApart) return;
    this.#shownAt = now;
    this.#shown = true;
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(`\r\u001b[K${progressText(progress).slice(0, width)}`);
  }

  clear(): void {
    if (!this.#shown) return;
    this.#shown = false;
    this.#stream.write("\r\u001b[K");
  }
}
