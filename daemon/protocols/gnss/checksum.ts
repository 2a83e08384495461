const CRC24Q_POLYNOMIAL = 0x1864cfb;

const CRC24Q_TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x800000 ? CRC24Q_POLYNOMIAL : 0);
  CRC24Q_TABLE[byte] = crc & 0xffffff;
}

/** CRC-24Q of bytes[start, end) (RTCM 10403.3, section 4). Zero over a whole frame with its CRC. */
export function crc24q(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) {
    crc = ((crc << 8) & 0xffffff) ^ (CRC24Q_TABLE[(crc >>> 16) ^ (bytes[at] ?? 0)] ?? 0);
  }
  return crc;
}

/**
 * The UBX checksum of bytes[start, end): the 8-bit Fletcher algorithm of RFC 1145, CK_A in the low byte and CK_B in the
 * high one, as the two bytes stand on the wire (u-blox interface description, "UBX checksum").
 */
export function fletcher(bytes: Uint8Array, start: number, end: number): number {
  let a = 0;
  let b = 0;
  for (let at = start; at < end; at++) {
    a = (a + (bytes[at] ?? 0)) | 0;
    b = (b + a) | 0;
  }
  return (a & 0xff) | ((b & 0xff) << 8);
}

const CRC32_POLYNOMIAL = 0xedb88320;

const CRC32_TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? CRC32_POLYNOMIAL : 0);
  CRC32_TABLE[byte] = crc;
}

/**
 * The CRC-32 of bytes[start, end) as Unicore and NovAtel reckon it for their logs (NovAtel OEM7 commands and logs
 * manual, "32-bit CRC"): the polynomial of Ethernet, but from zero and not inverted at the end.
 */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0;
  for (let at = start; at < end; at++) crc = (crc >>> 8) ^ (CRC32_TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return crc >>> 0;
}
