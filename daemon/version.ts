import { readFileSync } from 'node:fs';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** What proofs, enrolments and `--version` call this program. */
export const SOFTWARE = { name: 'fieldseal', version: manifest.version } as const;
