/** The signed text of a checkpoint: docs/spec/checkpoint.md 1. */
import { createHash, type KeyObject, sign, verify } from "node:crypto";
import { LotbookError } from "../../errors.ts";

export const origin = "lotbook-checkpoint";
/** The last bytes of an Ed25519 key in SubjectPublicKeyInfo form are the key itself. */
const keyLength = 32;
const signatureLength = 64;
const ed25519 = 0x01;

export interface CheckpointHead {
  readonly books: bigint;
  /** In hexadecimal, as all hashes here. */
  readonly root: string;
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly facts: bigint;
  readonly observations: bigint;
  readonly seals: bigint;
  /** 0 where nothing was computed yet. */
  readonly revision: bigint;
  readonly revision_hash: string;
}

const toBase64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
const toHex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");

export function noteText(head: CheckpointHead): string {
  const lines = [
    origin,
    String(head.books),
    toBase64(head.root),
    "format 1",
    `time ${head.time}`,
    `facts ${head.facts}`,
    `observations ${head.observations}`,
    `seals ${head.seals}`,
    `revision ${head.revision} ${toBase64(head.revision_hash)}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const rawKey = (publicKey: KeyObject): Buffer =>
  publicKey.export({ type: "spki", format: "der" }).subarray(-keyLength);

function keyIdBytes(publicKey: KeyObject): Buffer {
  const named = Buffer.concat([Buffer.from(`${origin}\n`), Buffer.of(ed25519), rawKey(publicKey)]);
  return createHash("sha256").update(named).digest().subarray(0, 4);
}

/** Eight hexadecimal digits, as signed notes name a key. */
export const keyId = (publicKey: KeyObject): string => keyIdBytes(publicKey).toString("hex");

/** The public key in the one line that tools for signed notes read. */
export function noteKey(publicKey: KeyObject): string {
  const key = Buffer.concat([Buffer.of(ed25519), rawKey(publicKey)]).toString("base64");
  return `${origin}+${keyId(publicKey)}+${key}`;
}

export function signNote(text: string, privateKey: KeyObject, publicKey: KeyObject): string {
  const signature = sign(null, Buffer.from(text), privateKey);
  const line = Buffer.concat([keyIdBytes(publicKey), signature]).toString("base64");
  return `${text}\n— ${origin} ${line}\n`;
}

const refuse = (what: string, advice: string): never => {
  throw new LotbookError("BAD_INPUT", `this is no checkpoint: ${what}`, { advice });
};

const hash64 = "([A-Za-z0-9+/]{43}=)";
const number = "(0|[1-9][0-9]{0,18})";
const shape = new RegExp(
  `^${origin}\n${number}\n${hash64}\nformat 1\ntime ([0-9TZ:.-]+)\nfacts ${number}\n` +
    `observations ${number}\nseals ${number}\nrevision ${number} ${hash64}\n$`,
);

/** Reads a note's fields. Throws BAD_INPUT where the text is not of the shape. */
export function parseNote(note: string): { readonly text: string; readonly head: CheckpointHead } {
  const end = note.indexOf("\n\n");
  const text = note.slice(0, end + 1);
  const found = end < 0 ? null : shape.exec(text);
  if (found === null)
    return refuse("its lines are not those of the format", "docs/spec/checkpoint.md 1 has them");
  const [, books, root, time, facts, observations, seals, revision, revision_hash] = found;
  const head = {
    books: BigInt(books!),
    root: toHex(root!),
    time: time!,
    facts: BigInt(facts!),
    observations: BigInt(observations!),
    seals: BigInt(seals!),
    revision: BigInt(revision!),
    revision_hash: toHex(revision_hash!),
  };
  return { text, head };
}

/** Whether one of the note's signatures is this key's, and good. */
export function isSignedBy(note: string, text: string, publicKey: KeyObject): boolean {
  const id = keyIdBytes(publicKey);
  return note
    .slice(text.length + 1)
    .split("\n")
    .some((line) => {
      const [dash, name, base64 = ""] = line.split(" ");
      if (dash !== "—" || name !== origin) return false;
      const bytes = Buffer.from(base64, "base64");
      const whole = bytes.length === id.length + signatureLength;
      // One text only: base64 that decodes to the same bytes but is written otherwise is not ours.
      if (!whole || bytes.toString("base64") !== base64 || !bytes.subarray(0, 4).equals(id))
        return false;
      return verify(null, Buffer.from(text), publicKey, bytes.subarray(id.length));
    });
}
