import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { RootBuilder, nodeHash } from "./merkle.ts";

const leafOf = (index: number): Buffer => createHash("sha256").update(String(index)).digest();
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The definition of RFC 6962, as it stands there. */
function rootOf(leaves: readonly Buffer[]): Uint8Array {
  if (leaves.length === 0) return createHash("sha256").digest();
  if (leaves.length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const hash = createHash("sha256").update(Buffer.of(1));
  return hash
    .update(rootOf(leaves.slice(0, split)))
    .update(rootOf(leaves.slice(split)))
    .digest();
}

describe("RootBuilder", () => {
  it("gives the root of the definition at every length", () => {
    const leaves = Array.from({ length: 300 }, (_, index) => leafOf(index));
    const builder = new RootBuilder();
    expect(hexOf(builder.root())).toBe(hexOf(rootOf([])));
    for (let count = 1; count <= leaves.length; count += 1) {
      builder.add(leaves[count - 1]!);
      expect(builder.count).toBe(count);
      expect(hexOf(builder.root())).toBe(hexOf(rootOf(leaves.slice(0, count))));
    }
  });

  it("takes leaves as bytes or in hexadecimal", () => {
    const bytes = new RootBuilder();
    const digits = new RootBuilder();
    for (let index = 0; index < 5; index += 1) {
      bytes.add(leafOf(index));
      digits.add(leafOf(index).toString("hex"));
    }
    expect(hexOf(bytes.root())).toBe(hexOf(digits.root()));
  });

  it("keeps what it gave: a root does not change when leaves follow", () => {
    const builder = new RootBuilder();
    builder.add(leafOf(0));
    const root = builder.root();
    const before = hexOf(root);
    builder.add(leafOf(1));
    builder.root();
    expect(hexOf(root)).toBe(before);
  });

  it("refuses what is no hash", () => {
    const builder = new RootBuilder();
    for (const bad of ["", "00", "g".repeat(64), "A".repeat(64), "é".repeat(64), "0".repeat(65)])
      expect(() => builder.add(bad)).toThrow("malformed hash");
    expect(() => builder.add(Buffer.alloc(31))).toThrow("another length");
    expect(builder.count).toBe(0);
  });

  it("tells a node from a leaf, and left from right", () => {
    const [left, right] = [leafOf(1), leafOf(2)];
    expect(hexOf(nodeHash(left, right))).not.toBe(hexOf(nodeHash(right, left)));
    const asLeaf = createHash("sha256")
      .update(Buffer.of(0))
      .update(left)
      .update(right)
      .digest("hex");
    expect(hexOf(nodeHash(left, right))).not.toBe(asLeaf);
  });
});
