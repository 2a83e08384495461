export type { FieldSpec, FieldValue, IntField, KindSpec, RecordColumn, RecordsField } from './field.ts';
export { fieldsToJson, type JsonValue, readingToJson } from './json.ts';
export { type Fields, KIND_NAMES, KINDS, type KindName, kindByNumber, kindSpec } from './kinds.ts';
export { checkRanges, type RangeFault } from './range.ts';
export type { Observation, Reading } from './reading.ts';
export { packRecords, type RecordRow, recordWidth, unpackRecords } from './records.ts';
