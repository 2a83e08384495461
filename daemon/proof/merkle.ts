import { primitives } from '#crypto';
import { equalBytes } from './cbor.ts';

export const HASH_BYTES = 32;

/** Hashes lying one after the other in one buffer. */
type Hashes = Uint8Array;

/**
 * The root of the Merkle tree over `leaves` (hashes one after the other), in the shape of RFC 9162, section 2.1.1: the
 * largest power of two goes left, which is the same as pairing neighbours level by level and passing an odd last one
 * up. Overwrites `leaves`. SHA-256 of the empty string for none.
 */
export function merkleRoot(leaves: Hashes): Uint8Array {
  let count = leaves.length / HASH_BYTES;
  if (count === 0) return primitives.sha256(new Uint8Array(0));
  const node = new Uint8Array(1 + 2 * HASH_BYTES);
  node[0] = 1;
  while (count > 1) count = raise(leaves, count, node);
  return leaves.slice(0, HASH_BYTES);
}

/** Replaces a level by the one above it and tells its length. */
function raise(level: Hashes, count: number, node: Uint8Array): number {
  const pairs = count >> 1;
  for (let i = 0; i < pairs; i++) {
    const from = i * 2 * HASH_BYTES;
    for (let byte = 0; byte < 2 * HASH_BYTES; byte++) node[1 + byte] = level[from + byte] ?? 0;
    primitives.sha256Into(node, level, i * HASH_BYTES);
  }
  if (count % 2 === 1) level.copyWithin(pairs * HASH_BYTES, (count - 1) * HASH_BYTES, count * HASH_BYTES);
  return count - pairs;
}

/**
 * The inclusion proof of leaf `index`: its siblings, from the leaf up (RFC 9162, section 2.1.3.1). Overwrites `leaves`.
 */
export function merklePath(leaves: Hashes, index: number): Uint8Array[] {
  const node = new Uint8Array(1 + 2 * HASH_BYTES);
  node[0] = 1;
  const path: Uint8Array[] = [];
  let count = leaves.length / HASH_BYTES;
  for (let at = index; count > 1; at >>= 1) {
    const sibling = at ^ 1;
    if (sibling < count) path.push(leaves.slice(sibling * HASH_BYTES, (sibling + 1) * HASH_BYTES));
    count = raise(leaves, count, node);
  }
  return path;
}

/** Whether `leaf` is number `index` of the `size` leaves under `root` (RFC 9162, section 2.1.3.2). */
export function verifyMerklePath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) return false;
  const node = new Uint8Array(1 + 2 * HASH_BYTES);
  node[0] = 1;
  let hash = leaf;
  let at = index;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0 || sibling.length !== HASH_BYTES) return false;
    const siblingIsLeft = at % 2 === 1 || at === last;
    node.set(siblingIsLeft ? sibling : hash, 1);
    node.set(siblingIsLeft ? hash : sibling, 1 + HASH_BYTES);
    hash = primitives.sha256(node);
    // A last leaf without a right neighbour was passed up until it got a left one.
    while (siblingIsLeft && at % 2 === 0 && at !== 0) {
      at = Math.floor(at / 2);
      last = Math.floor(last / 2);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, root);
}
