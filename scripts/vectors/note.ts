/** Notes of checkpoints and their signatures, written plainly from the text of docs/spec/checkpoint.md 1. */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { type Bytes, sha256, text } from "./encode.ts";

/** Key and public key of RFC 8032 7.1, test 1: known to everybody, so that nobody signs with it. */
const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const publicKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

const hex = (digits: string): Bytes => Buffer.from(digits, "hex");
/** The heads of PKCS #8 and of SubjectPublicKeyInfo for Ed25519, RFC 8410. */
const privateDer = Buffer.concat([hex("302e020100300506032b657004220420"), hex(seed)]);
const publicDer = Buffer.concat([hex("302a300506032b6570032100"), hex(publicKey)]);

const privateKey = createPrivateKey({ key: privateDer, format: "der", type: "pkcs8" });
const derived = createPublicKey(privateKey).export({ format: "der", type: "spki" });
if (!derived.equals(publicDer)) throw new Error("the public key is not that of the seed");

const heads = [
  {
    name: "nothing recorded",
    books: "0",
    root: sha256().toString("hex"),
    time: "1970-01-01T00:00:00.000Z",
    facts: "0",
    observations: "0",
    seals: "0",
    revision: "0",
    revisionHash: "0".repeat(64),
  },
  {
    name: "counts beyond 2^53",
    books: "2",
    root: sha256(text("root")).toString("hex"),
    time: "2026-11-25T12:34:56.789Z",
    facts: "9007199254740993",
    observations: "9223372036854775807",
    seals: "12",
    revision: "7",
    revisionHash: sha256(text("revision 7")).toString("hex"),
  },
] as const;

const base64 = (digits: string): string => hex(digits).toString("base64");

function noteVector(head: (typeof heads)[number]): Record<string, string> {
  const lines = [
    "lotbook-checkpoint",
    head.books,
    base64(head.root),
    "format 1",
    `time ${head.time}`,
    `facts ${head.facts}`,
    `observations ${head.observations}`,
    `seals ${head.seals}`,
    `revision ${head.revision} ${base64(head.revisionHash)}`,
    "",
  ];
  const signed = lines.join("\n");
  const keyId = sha256(text("lotbook-checkpoint\n"), hex(`01${publicKey}`)).subarray(0, 4);
  const signature = Buffer.concat([keyId, sign(null, Buffer.from(signed), privateKey)]);
  const note = `${signed}\n\u2014 lotbook-checkpoint ${signature.toString("base64")}\n`;
  return { ...head, text: signed, keyId: keyId.toString("hex"), note };
}

export const noteVectors = { seed, publicKey, signed: heads.map(noteVector) };
