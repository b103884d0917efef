/** Joins parts into lines no longer than the terminal, if it is one. */
export function joinParts(
  parts: readonly string[],
  width: number | undefined,
  between = " · ",
): string {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const fits = width === undefined || (last?.length ?? 0) + between.length + part.length <= width;
    if (last !== undefined && fits) lines[lines.length - 1] = last + between + part;
    else lines.push(part);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Breaks lines at their spaces where the terminal is narrower. Each line ends with a line's end. */
export function wrapWords(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const lines = text.replace(/\n$/, "").split("\n");
  return lines.map((line) => joinParts(line.split(" "), width, " ")).join("");
}

/** A text behind a label, its further lines below its first one. */
export function hang(label: string, text: string, width: number | undefined): string {
  const room = width === undefined ? undefined : Math.max(20, width - label.length);
  const [first = "", ...rest] = wrapWords(text, room).trimEnd().split("\n");
  return [label + first, ...rest.map((line) => " ".repeat(label.length) + line)]
    .map((line) => `${line}\n`)
    .join("");
}
