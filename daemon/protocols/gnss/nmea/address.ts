const BANG = 0x21;
const COMMA = 0x2c;
const ASTERISK = 0x2a;
const MAX_ADDRESS = 20;
const MAX_SUBTYPE = 8;

/** Proprietary sentences whose second field says which message they are: of u-blox and of Septentrio. */
const SUBTYPED: ReadonlySet<string> = new Set(['PUBX', 'PSSN']);

/** Whether a byte ends a field. */
export const isEnd = (byte: number | undefined): boolean => byte === COMMA || byte === ASTERISK;

/**
 * The name under which a sentence is counted that is not of two letters of talker and three of formatter: its address,
 * shortened (PQTMVERNO, PMTK001, command); of an encapsulated sentence the formatter; with the second field where that
 * says which message it is (PUBX,00 or PSSN,HRP). Of an ASCII log, the log's name (BESTPOSA).
 */
export function addressOf(buffer: Uint8Array, start: number, end: number): string {
  let at = start + 1;
  const text = field(buffer, at, Math.min(end, at + MAX_ADDRESS));
  at += text.length;
  if (SUBTYPED.has(text) && buffer[at] === COMMA) {
    const subtype = field(buffer, at + 1, Math.min(end, at + 1 + MAX_SUBTYPE));
    return subtype === '' ? text : `${text},${subtype}`;
  }
  return buffer[start] === BANG && text.length === 5 ? text.slice(2) : text;
}

function field(buffer: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end && !isEnd(buffer[at]); at++) text += String.fromCharCode(buffer[at] ?? 0);
  return text;
}
