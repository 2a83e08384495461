import { readFile } from 'node:fs/promises';
import { FieldsealError } from '../errors.ts';
import type { Pkcs11Uri } from './uri.ts';

const MAX_PIN = 255;
const LF = 0x0a;
const CR = 0x0d;

/**
 * Reads the PIN that a URI names, without the line end at its end. Read anew for each login, so that it isn't kept in
 * memory. Throws FieldsealError PIN_MISSING or FILE_NOT_READABLE.
 */
export async function readPin(uri: Pkcs11Uri): Promise<Uint8Array> {
  if (uri.pin === undefined) throw new FieldsealError('PIN_MISSING', { detail: uri.shown });
  const pin = 'value' in uri.pin ? new TextEncoder().encode(uri.pin.value) : await readPinFile(uri.pin.file);
  if (pin.length === 0) throw new FieldsealError('PIN_MISSING', { detail: `${uri.shown}: the PIN is empty` });
  if (pin.length > MAX_PIN)
    throw new FieldsealError('PIN_MISSING', { detail: `${uri.shown}: what is there is too long for a PIN` });
  return pin;
}

async function readPinFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new FieldsealError('FILE_NOT_READABLE', { detail: `the PIN file: ${detail}`, place: path, cause });
  }
  let end = bytes.length;
  if (bytes[end - 1] === LF) end--;
  if (bytes[end - 1] === CR) end--;
  return bytes.subarray(0, end);
}
