import { ascii } from './device.ts';

/** A sentence with its checksum: the exclusive or of what stands between $ and *, in two hexadecimal digits. */
export function nmeaSentence(body: string): Uint8Array {
  let sum = 0;
  for (let index = 0; index < body.length; index++) sum ^= body.charCodeAt(index);
  return ascii(`$${body}*${sum.toString(16).toUpperCase().padStart(2, '0')}\r\n`);
}
