import { parseArgs } from 'node:util';
import { inWords } from './ledger.mjs';
import { soak } from './soak.mjs';

const USAGE = 'usage: npm run soak -- [--minutes N | --replugs N] [--seed N] [--json] [--log LEVEL]';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    replugs: { type: 'string' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    log: { type: 'string', default: 'silent' },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const replugs = values.replugs === undefined ? undefined : Number(values.replugs);
if (!(minutes > 0) || (replugs !== undefined && !(replugs > 0)) || !Number.isInteger(seed)) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const ledger = await soak({ seconds: minutes * 60, replugs, seed, signal: stop.signal, logLevel: values.log });
process.stdout.write(`${values.json ? JSON.stringify(ledger) : inWords(ledger)}\n`);
process.exitCode = ledger.balances ? 0 : 1;
