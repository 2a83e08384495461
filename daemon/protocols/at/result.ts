/** Final result codes that end an exchange with an error (ITU-T V.250, 5.7.1; 3GPP TS 27.007, 9.2; TS 27.005, 3.2.5). */
const FAILURES: ReadonlySet<string> = new Set([
  'ERROR',
  'NO CARRIER',
  'BUSY',
  'NO ANSWER',
  'NO DIALTONE',
  'COMMAND NOT SUPPORT',
]);

/** What ends an exchange: `ok`, or an error in the modem's own words; undefined for any other line. */
export function finalResult(text: string): 'ok' | { readonly error: string } | undefined {
  if (text === 'OK') return 'ok';
  if (FAILURES.has(text) || text.startsWith('+CME ERROR') || text.startsWith('+CMS ERROR')) return { error: text };
  return undefined;
}

/** The name of an information line or unsolicited result code, e.g. +CREG; undefined for a line of another form. */
export function resultName(text: string): string | undefined {
  return /^([+^$*#%&!][A-Z][A-Z0-9_]{0,15}) ?:/.exec(text)?.[1];
}

/** The parameters of an information line, behind its name: split at the commas outside quotation marks, which stay. */
export function parameters(text: string): string[] {
  const values: string[] = [];
  let value = '';
  let quoted = false;
  for (const letter of text.slice(text.indexOf(':') + 1)) {
    if (letter === '"') quoted = !quoted;
    if (letter === ',' && !quoted) {
      values.push(value.trim());
      value = '';
    } else {
      value += letter;
    }
  }
  values.push(value.trim());
  return values;
}

/** A parameter without its quotation marks. */
export const unquoted = (value = ''): string => value.replaceAll('"', '').trim();
