/**
 * The second generator: it knows no format. Samples are bytes to it, and it flips, cuts, doubles, moves and
 * mixes them, with words that it has found in them by no more than their looks. It shares nothing with the
 * first one but the samples.
 */
import type { FuzzInput } from "./judge.ts";
import { samples } from "./samples.ts";

/** xorshift128, seeded by a hash of the number, so that neighbours have nothing in common. */
class Dice {
  #state: [number, number, number, number];

  constructor(seed: number) {
    let mixed = seed >>> 0;
    const word = (): number => {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let hash = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
      return (hash ^ (hash >>> 15)) >>> 0;
    };
    this.#state = [word(), word(), word(), word() | 1];
  }

  roll(sides: number): number {
    const [x, y, z, w] = this.#state;
    const t = x ^ (x << 11);
    this.#state = [y, z, w, (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0];
    return this.#state[3] % sides;
  }

  of<Item>(items: readonly Item[]): Item {
    return items[this.roll(items.length)]!;
  }
}

const corpus = samples.map(({ text }) => Buffer.from(text));
const readers = [undefined, ...new Set(samples.map(({ format }) => format))];
/** Runs of letters, of digits, of anything else: what looks like a word. */
const words = [
  ...new Set(
    samples.flatMap(({ text }) => text.match(/[A-Za-z_]+|[0-9.]+|[^A-Za-z0-9_.]{1,3}/g) ?? []),
  ),
].map((word) => Buffer.from(word));
const edges = [0, 1, 9, 10, 13, 32, 34, 44, 127, 128, 191, 192, 224, 239, 240, 247, 254, 255];

type Change = (bytes: Buffer, dice: Dice) => Buffer;

const put = (bytes: Buffer, at: number, remove: number, more: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at + remove)]);

/** Short ranges mostly, and now and then one of any length. */
const range = (bytes: Buffer, dice: Dice): [at: number, length: number] => {
  const at = dice.roll(bytes.length + 1);
  return [at, Math.min(bytes.length - at, 1 + dice.roll(dice.of([2, 8, 64, bytes.length + 1])))];
};

const changes: readonly Change[] = [
  (bytes, dice) => {
    if (bytes.length > 0) bytes[dice.roll(bytes.length)]! ^= 1 << dice.roll(8);
    return bytes;
  },
  (bytes, dice) => {
    if (bytes.length > 0) bytes[dice.roll(bytes.length)] = dice.of(edges);
    return bytes;
  },
  (bytes, dice) => {
    if (bytes.length > 0) bytes[dice.roll(bytes.length)]! += dice.roll(9) - 4;
    return bytes;
  },
  (bytes, dice) => {
    const [at, length] = range(bytes, dice);
    return put(bytes, at, length, new Uint8Array());
  },
  (bytes, dice) => {
    const [at, length] = range(bytes, dice);
    return put(bytes, at, 0, bytes.subarray(at, at + length));
  },
  (bytes, dice) => {
    const [at, length] = range(bytes, dice);
    return put(bytes, dice.roll(bytes.length + 1), 0, Buffer.from(bytes.subarray(at, at + length)));
  },
  (bytes, dice) => put(bytes, dice.roll(bytes.length + 1), 0, dice.of(words)),
  (bytes, dice) => {
    const [at, length] = range(bytes, dice);
    return put(bytes, at, length, dice.of(words));
  },
  (bytes, dice) =>
    put(bytes, dice.roll(bytes.length + 1), 0, Buffer.alloc(1 + dice.roll(4), dice.roll(256))),
  (bytes, dice) => bytes.subarray(0, dice.roll(bytes.length + 1)),
  (bytes, dice) => {
    // The head of one and the tail of another.
    const other = dice.of(corpus);
    const tail = other.subarray(dice.roll(other.length + 1));
    return Buffer.concat([bytes.subarray(0, dice.roll(bytes.length + 1)), tail]);
  },
  (bytes, dice) => {
    const [at, length] = range(bytes, dice);
    const times = dice.roll(50) === 0 ? 1000 : 1 + dice.roll(8);
    return put(
      bytes,
      at,
      0,
      Buffer.alloc(Math.min(length * times, 100_000), bytes.subarray(at, at + length)),
    );
  },
  (bytes, dice) => {
    const [at, length] = range(bytes, dice);
    bytes.subarray(at, at + length).reverse();
    return bytes;
  },
  (bytes) => {
    const wide = Buffer.alloc(bytes.length * 2);
    bytes.forEach((byte, at) => (wide[at * 2] = byte));
    return wide;
  },
];
/** Those at the end of the list spoil a file as a whole; most changes are small. */
const smallChanges = changes.length - 1;

export function blindInput(seed: number): FuzzInput {
  const dice = new Dice(seed);
  const from = dice.of(readers);
  // Its own format's reader mostly: what another makes of it is one refusal.
  const own = samples.flatMap(({ format }, at) =>
    from === undefined || format === from ? [at] : [],
  );
  const at = dice.roll(8) === 0 ? dice.roll(corpus.length) : dice.of(own);
  let bytes: Buffer = Buffer.from(corpus[at]!);
  for (let left = 1 + dice.roll(dice.of([1, 2, 4, 12])); left > 0; left -= 1) {
    const change = dice.roll(60) === 0 ? changes.length - 1 : dice.roll(smallChanges);
    bytes = Buffer.from(changes[change]!(bytes, dice));
  }
  return { bytes, from };
}
