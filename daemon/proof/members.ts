import type { CborValue } from './cbor-value.ts';
import { MAX_NAME, MAX_TIME } from './limits.ts';
import { ProofError } from './reasons.ts';

/** Reads a decoded map member by member; whatever is missing, of another shape or left over is a ProofError `parse`. */
export class Members {
  readonly #map: ReadonlyMap<number | string, CborValue>;
  readonly #what: string;
  #taken = 0;

  constructor(value: CborValue | undefined, what: string) {
    if (!(value instanceof Map)) throw new ProofError('parse', `${what} is not a map`);
    this.#map = value;
    this.#what = what;
  }

  has(key: number): boolean {
    return this.#map.has(key);
  }

  take(key: number): CborValue {
    const value = this.#map.get(key);
    if (value === undefined) throw new ProofError('parse', `${this.#what} lacks member ${key}`);
    this.#taken += 1;
    return value;
  }

  int(key: number, max: number = Number.MAX_SAFE_INTEGER, min = 0): number {
    return asInt(this.take(key), `${this.#what} member ${key}`, max, min);
  }

  /** Milliseconds since the Unix epoch. */
  time(key: number): number {
    return this.int(key, MAX_TIME);
  }

  bytes(key: number, length: number): Uint8Array {
    return asBytes(this.take(key), `${this.#what} member ${key}`, length);
  }

  text(key: number): string {
    return asName(this.take(key), `${this.#what} member ${key}`);
  }

  flag(key: number): boolean {
    const value = this.take(key);
    if (typeof value !== 'boolean') throw new ProofError('parse', `${this.#what} member ${key} is not a boolean`);
    return value;
  }

  array(key: number, max: number): readonly CborValue[] {
    return asArray(this.take(key), `${this.#what} member ${key}`, max);
  }

  /** Nothing else may be there. */
  end(): void {
    if (this.#taken !== this.#map.size) throw new ProofError('parse', `${this.#what} has members of no known meaning`);
  }
}

export function asInt(
  value: CborValue | undefined,
  what: string,
  max: number = Number.MAX_SAFE_INTEGER,
  min = 0,
): number {
  if (typeof value !== 'number' || value < min || value > max) {
    throw new ProofError('parse', `${what} is not an integer of ${min} to ${max}`);
  }
  return value;
}

export function asBytes(value: CborValue | undefined, what: string, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length) {
    throw new ProofError('parse', `${what} is not ${length} bytes`);
  }
  return value;
}

/** A name: 1 to MAX_NAME bytes of UTF-8. */
export function asName(value: CborValue | undefined, what: string): string {
  if (typeof value !== 'string' || value === '' || utf8.encode(value).length > MAX_NAME) {
    throw new ProofError('parse', `${what} is not a text of 1 to ${MAX_NAME} bytes`);
  }
  return value;
}

export function asArray(value: CborValue | undefined, what: string, max: number): readonly CborValue[] {
  if (!Array.isArray(value)) throw new ProofError('parse', `${what} is not an array`);
  if (value.length > max) throw new ProofError('size', `${what} has more than ${max} items`);
  return value;
}

const utf8 = new TextEncoder();
