import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merklePath, merkleRoot, verifyMerklePath } from '../../daemon/proof/merkle.ts';

const sha256 = (...parts: Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** The definition of RFC 9162, section 2.1.1, to the letter. */
function definition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return sha256(Uint8Array.of(1), definition(leaves.slice(0, k)), definition(leaves.slice(k)));
}

/** The definition of RFC 9162, section 2.1.3.1. */
function pathByDefinition(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return index < k
    ? [...pathByDefinition(index, leaves.slice(0, k)), definition(leaves.slice(k))]
    : [...pathByDefinition(index - k, leaves.slice(k)), definition(leaves.slice(0, k))];
}

const hashes = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => sha256(Uint8Array.of(i, i >> 8)));
const joined = (leaves: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(leaves));

describe('the Merkle root', () => {
  // The inputs and roots of the Certificate Transparency reference tests, whose leaves are SHA-256(0x00 || input).
  const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [5, '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4'],
    [7, 'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of %i leaves is the one of Certificate Transparency', (count, root) => {
    const leaves = inputs.slice(0, count).map((input) => sha256(Uint8Array.of(0), Buffer.from(input, 'hex')));
    expect(Buffer.from(merkleRoot(joined(leaves))).toString('hex')).toBe(root);
  });

  it('is the one that RFC 9162 defines, for every size up to 130', () => {
    for (let size = 0; size <= 130; size++) {
      expect(merkleRoot(joined(hashes(size))), `size ${size}`).toEqual(definition(hashes(size)));
    }
  });
});

describe('an inclusion proof', () => {
  it('is the one that RFC 9162 defines, and verifies, for every leaf of every size up to 40', () => {
    for (let size = 1; size <= 40; size++) {
      const leaves = hashes(size);
      const root = definition(leaves);
      for (let index = 0; index < size; index++) {
        const path = merklePath(joined(leaves), index);
        expect(path).toEqual(pathByDefinition(index, leaves));
        expect(verifyMerklePath(leaves[index]!, index, size, path, root), `${index} of ${size}`).toBe(true);
      }
    }
  });

  it('does not verify for another index, size, leaf, path or root', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (size, i, j, xor) => {
          const leaves = hashes(size);
          const index = i % size;
          const root = merkleRoot(joined(leaves));
          const path = merklePath(joined(leaves), index);
          const leaf = leaves[index]!;
          const changed = (hash: Uint8Array): Uint8Array => hash.map((byte, at) => (at === j % 32 ? byte ^ xor : byte));
          expect(verifyMerklePath(leaf, index, size, path, root)).toBe(true);
          if (j % size !== index) expect(verifyMerklePath(leaf, j % size, size, path, root)).toBe(false);
          expect(verifyMerklePath(changed(leaf), index, size, path, root)).toBe(false);
          expect(verifyMerklePath(leaf, index, size, path, changed(root))).toBe(false);
          expect(verifyMerklePath(leaf, index, size, [...path, leaf], root)).toBe(false);
          expect(verifyMerklePath(leaf, size, size, path, root)).toBe(false);
          if (path.length === 0) return;
          expect(verifyMerklePath(leaf, index, size, path.slice(1), root)).toBe(false);
          const at = j % path.length;
          const other = path.map((hash, k) => (k === at ? changed(hash) : hash));
          expect(verifyMerklePath(leaf, index, size, other, root)).toBe(false);
        },
      ),
    );
  });
});
