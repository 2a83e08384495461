/**
 * What a field of a kind may be. A field value is signed as an integer, a byte string or a text, never as a float:
 * `digits` says how many decimal digits the integer carries beyond the JSON unit (lat: digits 7, unit "deg" is 1e-7 deg).
 */
export interface IntField {
  readonly key: number;
  readonly type: 'int';
  /** Unit of the JSON value; the signed integer counts 10^-digits of it. */
  readonly unit: string;
  readonly digits: number;
  readonly min: number;
  readonly max: number;
  /** `time`: milliseconds since the Unix epoch, ISO 8601 in JSON. `flag`: 0 or 1, a boolean in JSON. */
  readonly format?: 'time' | 'flag';
  /** What each value of an enumeration means, by value. */
  readonly names?: readonly string[];
  readonly about: string;
}

export interface TextField {
  readonly key: number;
  readonly type: 'text';
  /** Bytes of UTF-8 at most. */
  readonly max: number;
  readonly about: string;
}

export interface BytesField {
  readonly key: number;
  readonly type: 'bytes';
  readonly max: number;
  readonly about: string;
}

/** One column of a packed table: little-endian, fixed width; `none` is the value that says "not known". */
export interface RecordColumn {
  readonly bytes: 1 | 2 | 4;
  readonly signed?: boolean;
  readonly unit: string;
  readonly digits: number;
  readonly min: number;
  readonly max: number;
  readonly none?: number;
  readonly format?: 'flag';
  readonly about: string;
}

/** A table of fixed-width rows packed into one byte string, e.g. the satellites of a sky view. */
export interface RecordsField {
  readonly key: number;
  readonly type: 'records';
  /** Rows at most. */
  readonly max: number;
  readonly columns: Readonly<Record<string, RecordColumn>>;
  readonly about: string;
}

export type FieldSpec = IntField | TextField | BytesField | RecordsField;

/** A field's value in memory and in a signed row: integers are safe integers, records are packed bytes. */
export type FieldValue = number | string | Uint8Array;

export interface KindSpec {
  /** The number that a signed row begins with. Never reused. */
  readonly number: number;
  readonly about: string;
  readonly fields: Readonly<Record<string, FieldSpec>>;
  /** Fields that every reading of the kind has. */
  readonly required: readonly string[];
}

type ValueOf<F> = F extends { type: 'int' } ? number : F extends { type: 'text' } ? string : Uint8Array;

/** The TypeScript type of a kind's fields, derived from its specification. */
export type FieldsOf<S extends KindSpec> = {
  readonly [N in keyof S['fields'] as N extends S['required'][number] ? N : never]: ValueOf<S['fields'][N]>;
} & {
  readonly [N in keyof S['fields'] as N extends S['required'][number] ? never : N]?: ValueOf<S['fields'][N]>;
};
