/** Bytes of a whole message at most: AWS IoT Core stops at 128 kB, MQTT's own framing and topic included. */
export const MAX_MESSAGE = 120_000;
/** Readings of one proof at most. */
export const MAX_READINGS = 20_000;
/** Sources of one proof at most. */
export const MAX_SOURCES = 64;
/** Loss records of one proof at most. */
export const MAX_LOSSES = 64;
/** Nesting of arrays, maps and tags at most; the format itself needs four. */
export const MAX_DEPTH = 8;
/** Bytes of UTF-8 of a name (source, profile, software) at most. */
export const MAX_NAME = 128;
/** Bytes of UTF-8 or raw bytes that the text and byte-string fields of all readings of a proof unpack to, at most. */
export const MAX_UNPACKED = 4_000_000;
/** Bytes of a receipt, a challenge or an enrolment record at most. */
export const MAX_STATEMENT = 16_384;
/** 9999-12-31T23:59:59.999Z, the last time that the format can name. */
export const MAX_TIME = 253_402_300_799_999;
/** Values that the columns of a proof unpack to at most: rows times columns, present or not. */
export const MAX_CELLS = 500_000;
