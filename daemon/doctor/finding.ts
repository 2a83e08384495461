import type { FieldsealError } from '../errors.ts';

/** `ok`: as it should be. `warn`: it works, and should be looked at. `fail`: it does not work. */
export type Level = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. It never holds a secret. */
export interface Finding {
  readonly level: Level;
  /** What it is about: config, port NAME, token, outbox, clock, broker, verifier, host, service. */
  readonly area: string;
  readonly what: string;
  /** What to do about it; there wherever the level is not `ok`. */
  readonly remedy?: string;
}

export const ok = (area: string, what: string): Finding => ({ level: 'ok', area, what });
export const warn = (area: string, what: string, remedy: string): Finding => ({ level: 'warn', area, what, remedy });
export const fail = (area: string, what: string, remedy: string): Finding => ({ level: 'fail', area, what, remedy });

/** What an operator's error says, as a finding. */
export function failOf(area: string, { code, place, message, remedy }: FieldsealError): Finding {
  return fail(area, `${code}${place === undefined ? '' : ` ${place}`}: ${message}`, remedy);
}
