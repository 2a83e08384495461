import { endianness } from 'node:os';

/** Attribute types (PKCS#11 base specification, section 4; CKA_EC_...: mechanisms, section 2.3.3). */
export const CKA = {
  CLASS: 0x0,
  TOKEN: 0x1,
  PRIVATE: 0x2,
  LABEL: 0x3,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  SIGN: 0x108,
  VERIFY: 0x10a,
  EXTRACTABLE: 0x162,
  LOCAL: 0x163,
  NEVER_EXTRACTABLE: 0x164,
  EC_PARAMS: 0x180,
  EC_POINT: 0x181,
  ALWAYS_AUTHENTICATE: 0x202,
} as const;

export const CKO = { PUBLIC_KEY: 2, PRIVATE_KEY: 3 } as const;
export const CKK_EC = 3;

/** A CK_BBOOL; undefined where the token has no such attribute. */
export function readBool(value: Uint8Array | null | undefined): boolean | undefined {
  return value?.length === 1 ? value[0] !== 0 : undefined;
}

/** A CK_ULONG: 4 or 8 bytes in the machine's order. */
export function readUlong(value: Uint8Array | null | undefined): number | undefined {
  if (value?.length !== 4 && value?.length !== 8) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const little = endianness() === 'LE';
  return value.length === 4 ? view.getUint32(0, little) : Number(view.getBigUint64(0, little));
}
