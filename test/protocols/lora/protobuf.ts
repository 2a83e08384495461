/** A protobuf written by hand (Protocol Buffers, "Encoding"): what the decoder reads is not written by its own library. */
export const varint = (field: number, value: number): Uint8Array => Buffer.concat([tag(field, 0), number(value)]);

export function fixed32(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

export function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

export const group = (field: number, ...fields: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(fields);
  return Buffer.concat([tag(field, 2), number(body.length), body]);
};

/** Negative numbers take the ten bytes of a 64-bit two's complement. */
function number(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, wireType: number): Uint8Array => number(field * 8 + wireType);

/** 0x94 0xc3 and the length before it. */
export const stream = (...fields: readonly Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(fields);
  return Buffer.concat([Uint8Array.of(0x94, 0xc3, body.length >> 8, body.length & 0xff), body]);
};
