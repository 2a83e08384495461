import { fletcher } from '../checksum.ts';

/** A UBX frame (u-blox interface description, "UBX frame structure"). */
export function ubxFrame(messageClass: number, id: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.length + 8);
  frame.set([0xb5, 0x62, messageClass, id, payload.length & 0xff, payload.length >> 8]);
  frame.set(payload, 6);
  const sums = fletcher(frame, 2, frame.length - 2);
  frame.set([sums & 0xff, sums >> 8], frame.length - 2);
  return frame;
}

/** $body*hh CR LF (IEC 61162-1, section 7.3) */
export function sentenceFrame(body: string): Uint8Array {
  let sum = 0;
  for (let index = 0; index < body.length; index++) sum ^= body.charCodeAt(index);
  return textFrame(`$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}`);
}

/** A line of text, CR LF at its end. */
export const textFrame = (line: string): Uint8Array => new TextEncoder().encode(`${line}\r\n`);
