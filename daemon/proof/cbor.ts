import { Decoder } from 'cbor-x';
import type { CborValue } from './cbor-value.ts';
import { CborWriter } from './cbor-writer.ts';
import { MAX_DEPTH } from './limits.ts';
import { ProofError } from './reasons.ts';

/** Encodes deterministically (RFC 8949, section 4.2.1). Numbers must be safe integers: a float is a bug. */
export function encodeCbor(value: CborValue): Uint8Array {
  const writer = new CborWriter(256);
  writer.value(value);
  return writer.take();
}

/** Where what was decoded is encoded again: kept, since most messages are small and many. */
const again = new CborWriter(1024);

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

/**
 * Decodes one item of deterministic CBOR that fills `bytes`. Size, depth and structure are checked before anything is
 * built, and the result is encoded again and compared, so that no two encodings mean the same. Byte strings alias the
 * input. Throws ProofError: `size` for nesting past MAX_DEPTH, `canonical` for a longer form, `parse` for the rest.
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  if (itemEnd(bytes, 0) !== bytes.length) throw new ProofError('parse', 'bytes follow the CBOR item');
  let decoded: unknown;
  try {
    decoded = decoder.decode(bytes);
  } catch (error) {
    throw new ProofError('parse', `not CBOR: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
  const value = admit(decoded);
  again.rewind(0);
  again.value(value);
  if (!equalBytes(again.since(0), bytes)) throw new ProofError('canonical', 'not deterministic CBOR');
  return value;
}

/** Where the CBOR item at `start` ends. Walks the structure alone, in constant memory, and builds nothing. */
export function itemEnd(bytes: Uint8Array, start: number): number {
  return scan(bytes, start, MAX_DEPTH);
}

function scan(bytes: Uint8Array, start: number, depth: number): number {
  if (depth === 0) throw new ProofError('size', `nested deeper than ${MAX_DEPTH}`);
  const initial = bytes[start];
  if (initial === undefined) throw new ProofError('parse', 'the CBOR item is cut short');
  const major = initial >> 5;
  if (major === 7) {
    if (initial !== FALSE && initial !== TRUE) throw new ProofError('parse', 'a float, null or simple value');
    return start + 1;
  }
  if (major === 6) throw new ProofError('parse', 'a tag where none belongs');
  const info = initial & 0x1f;
  if (info > 27) throw new ProofError('canonical', 'an indefinite length or a reserved head');
  const width = info < 24 ? 0 : 1 << (info - 24);
  let argument = info;
  if (width > 0) {
    if (start + width >= bytes.length) throw new ProofError('parse', 'the CBOR item is cut short');
    argument = 0;
    for (let i = 1; i <= width; i++) argument = argument * 256 + (bytes[start + i] ?? 0);
    if (argument < (SHORTEST[width] ?? 0)) throw new ProofError('canonical', 'a head longer than it need be');
    const limit = major === 1 ? Number.MAX_SAFE_INTEGER - 1 : Number.MAX_SAFE_INTEGER;
    if (argument > limit) throw new ProofError('parse', 'an integer beyond 2^53');
  }
  let at = start + 1 + width;
  if (major < 2) return at;
  // Every item takes a byte at least: a count or length beyond what is left can't be true.
  const items = major === 5 ? argument * 2 : argument;
  if (items > bytes.length - at) throw new ProofError('parse', 'the CBOR item is cut short');
  if (major < 4) return at + argument;
  for (let i = 0; i < items; i++) {
    const next = scan(bytes, at, depth - 1);
    if (major === 5 && i % 2 === 0) checkKey(bytes, at);
    at = next;
  }
  return at;
}

const FALSE = 0xf4;
const TRUE = 0xf5;
/** The least argument that needs a head of so many bytes more. */
const SHORTEST: Readonly<Record<number, number>> = { 1: 24, 2: 0x100, 4: 0x10000, 8: 0x100000000 };

/** Map keys are integers or texts. Their order, and that none comes twice, shows when the map is encoded again. */
function checkKey(bytes: Uint8Array, at: number): void {
  const major = (bytes[at] ?? 0) >> 5;
  if (major !== 0 && major !== 1 && major !== 3) throw new ProofError('parse', 'a map key that is no integer or text');
}

/** Narrows what the decoder gave to CborValue: 8-byte integers come as bigint, within 2^53 as `scan` has seen. */
function admit(decoded: unknown): CborValue {
  if (typeof decoded === 'number' || typeof decoded === 'string' || typeof decoded === 'boolean') return decoded;
  if (typeof decoded === 'bigint') return Number(decoded);
  if (decoded instanceof Uint8Array) return decoded;
  if (Array.isArray(decoded)) return decoded.map(admit);
  if (decoded instanceof Map) {
    const map = new Map<number | string, CborValue>();
    for (const [key, value] of decoded) map.set(typeof key === 'bigint' ? Number(key) : key, admit(value));
    return map;
  }
  throw new ProofError('parse', 'not a value of the format');
}

/** Whether two byte strings are the same. Not in constant time: nothing secret is compared. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
