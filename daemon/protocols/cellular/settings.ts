/** Whose commands a modem understands beside those of 3GPP TS 27.007. */
export const DIALECTS = ['generic', 'quectel', 'simcom'] as const;

/** How a Quectel module gives the SINR of LTE; the vendor's manuals differ, see `lteSinr`. */
export const SINR_FORMS = ['omit', 'dB', 'fifths', 'doubled'] as const;
export type SinrForm = (typeof SINR_FORMS)[number];

export const DEFAULT_INTERVAL_MS = 10_000;
