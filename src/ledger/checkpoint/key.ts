/** Key files: docs/spec/checkpoint.md 4. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { explainNewFile, explainPath, LotbookError } from "../../errors.ts";
import type { Database } from "../../store/database.ts";
import { keyId, noteKey } from "./note.ts";

export interface PublicKey {
  /** Eight hexadecimal digits. */
  readonly key_id: string;
  /** SubjectPublicKeyInfo. */
  readonly pem: string;
  /** The same in the one line that tools for signed notes read. */
  readonly note_key: string;
}

export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const real = async (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/**
 * Refuses a path in the data directory of an embedded ledger: who can change the ledger must not find there
 * what proves the change.
 */
export async function refuseInside(location: string, path: string, what: string): Promise<void> {
  if (/^postgres(ql)?:/.test(location)) return;
  const parent = await real(dirname(resolve(path)));
  // A link elsewhere that leads into the directory is inside as well.
  const targets = [parent, await realpath(path).catch(() => parent)];
  const directory = await real(location);
  for (const target of targets) {
    const way = relative(directory, target);
    if (way !== ".." && !way.startsWith("../") && !isAbsolute(way)) {
      throw new LotbookError("REFUSED", `${path} is in the data directory ${location}`, {
        advice: `${what} belongs where the ledger is not: another directory, better another machine`,
      });
    }
  }
}

/** Makes a key in a new file that its owner alone may read. Gives the public key. */
export async function makeKey(path: string): Promise<PublicKey> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  try {
    await writeFile(path, pem, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    throw explainNewFile(path, error);
  }
  return describeKey(publicKey);
}

export function describeKey(publicKey: KeyObject): PublicKey {
  return {
    key_id: keyId(publicKey),
    pem: publicKey.export({ type: "spki", format: "pem" }) as string,
    note_key: noteKey(publicKey),
  };
}

function refuseOthers(key: KeyObject, path: string): KeyObject {
  if (key.asymmetricKeyType === "ed25519") return key;
  throw new LotbookError("BAD_INPUT", `${path} holds no Ed25519 key`);
}

function parse(read: () => KeyObject, path: string): KeyObject {
  try {
    return refuseOthers(read(), path);
  } catch (cause) {
    if (cause instanceof LotbookError) throw cause;
    throw new LotbookError("BAD_INPUT", `${path} holds no key that can be used here`, {
      advice: "a key is PEM text; `lotbook checkpoint new-key <file>` makes one",
      cause,
    });
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw explainPath(path, error);
  }
}

/** A private key, from a file that others can't read. */
export async function readSigningKey(path: string, database: Database): Promise<SigningKey> {
  await refuseInside(database.location, path, "a key");
  const { mode } = await stat(path).catch((error: unknown) => {
    throw explainPath(path, error);
  });
  if (process.platform !== "win32" && (mode & 0o077) !== 0) {
    throw new LotbookError("REFUSED", `${path} can be read or changed by others than its owner`, {
      advice: `if nobody has read it: chmod 600 ${path}; else make another key`,
    });
  }
  const pem = await readPem(path);
  const privateKey = parse(() => createPrivateKey(pem), path);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The public key of a file that holds it, or its private one. */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const pem = await readPem(path);
  return parse(() => createPublicKey(pem), path);
}
