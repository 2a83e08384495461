/** Generator of the Mode S parity without its leading one (ICAO Annex 10, volume IV, 3.1.2.3.3.1.2). */
const GENERATOR = 0xfff409;

const TABLE = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte << 16;
  for (let bit = 0; bit < 8; bit++) {
    remainder = ((remainder << 1) ^ (remainder & 0x800000 ? GENERATOR : 0)) & 0xffffff;
  }
  TABLE[byte] = remainder;
}

/**
 * The remainder of a Mode S message, its parity field included: 0 for a sound squitter, the interrogator's code for an
 * all-call reply (3.1.2.5.2.1.3), the address of the aircraft for any other reply.
 */
export function parityRemainder(message: Uint8Array, length: number): number {
  let remainder = 0;
  for (let at = 0; at < length - 3; at++) {
    remainder = ((remainder << 8) ^ (TABLE[(remainder >>> 16) ^ (message[at] ?? 0)] ?? 0)) & 0xffffff;
  }
  const parity = ((message[length - 3] ?? 0) << 16) | ((message[length - 2] ?? 0) << 8) | (message[length - 1] ?? 0);
  return remainder ^ parity;
}
