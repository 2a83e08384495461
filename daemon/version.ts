import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What proofs, enrolments and `--version` call this program. */
export const SOFTWARE = { name: 'fieldseal', version: manifest.version } as const;

/** When this version was made, ms since the Unix epoch: no reading that it takes is older. */
export const RELEASED = Date.UTC(2026, 10, 20);
