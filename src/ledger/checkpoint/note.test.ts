/** Holds notes and their signatures against docs/spec/vectors.json, made apart by scripts/vectors/note.ts. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isSignedBy, keyId, noteText, parseNote, signNote } from "./note.ts";

interface SignedNote {
  readonly name: string;
  readonly books: string;
  readonly root: string;
  readonly time: string;
  readonly facts: string;
  readonly observations: string;
  readonly seals: string;
  readonly revision: string;
  readonly revisionHash: string;
  readonly text: string;
  readonly keyId: string;
  readonly note: string;
}

const file = new URL("../../../docs/spec/vectors.json", import.meta.url);
const { notes } = JSON.parse(readFileSync(file, "utf8")) as {
  notes: { seed: string; publicKey: string; signed: readonly SignedNote[] };
};

const raw = (digits: string): string => Buffer.from(digits, "hex").toString("base64url");
const jwk = { kty: "OKP", crv: "Ed25519", x: raw(notes.publicKey) };
const publicKey = createPublicKey({ key: jwk, format: "jwk" });
const privateKey = createPrivateKey({ key: { ...jwk, d: raw(notes.seed) }, format: "jwk" });

const headOf = (vector: SignedNote) => ({
  books: BigInt(vector.books),
  root: vector.root,
  time: vector.time,
  facts: BigInt(vector.facts),
  observations: BigInt(vector.observations),
  seals: BigInt(vector.seals),
  revision: BigInt(vector.revision),
  revision_hash: vector.revisionHash,
});

describe.each(notes.signed)("the note of $name", (vector) => {
  it("has that text, key id and signature", () => {
    expect(noteText(headOf(vector))).toBe(vector.text);
    expect(keyId(publicKey)).toBe(vector.keyId);
    expect(signNote(vector.text, privateKey, publicKey)).toBe(vector.note);
  });

  it("is read back, and its signature is good", () => {
    expect(parseNote(vector.note)).toEqual({ text: vector.text, head: headOf(vector) });
    expect(isSignedBy(vector.note, vector.text, publicKey)).toBe(true);
  });

  it("is not signed once a character of text or signature is another", () => {
    const { note } = vector;
    const start = note.indexOf("\u2014");
    for (let at = start + "\u2014 lotbook-checkpoint ".length; at < note.length - 1; at += 1) {
      const other = note[at] === "A" ? "B" : "A";
      const changed = note.slice(0, at) + other + note.slice(at + 1);
      expect(isSignedBy(changed, vector.text, publicKey), `character ${at}`).toBe(false);
    }
    for (let at = 0; at < vector.text.length; at += 1) {
      const changed = `${vector.text.slice(0, at)}~${vector.text.slice(at + 1)}`;
      expect(isSignedBy(note.replace(vector.text, changed), changed, publicKey)).toBe(false);
    }
  });
});
