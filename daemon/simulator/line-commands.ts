const MAX_LINE = 2_048;

/** Cuts what is typed at a device into lines. Any of CR, LF or both ends one. */
export class LineCommands {
  #text = '';

  /** The lines that these bytes complete, without their ends; empty ones are passed over. */
  take(bytes: Uint8Array): string[] {
    const parts = (this.#text + Buffer.from(bytes).toString('latin1')).split(/[\r\n]+/);
    this.#text = (parts.pop() ?? '').slice(-MAX_LINE);
    return parts.filter((line) => line !== '');
  }
}

/** Upper-case hexadecimal digits, as radios print bytes. */
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

export const isHex = (text: string): boolean => /^([0-9A-Fa-f]{2}){1,255}$/.test(text);
