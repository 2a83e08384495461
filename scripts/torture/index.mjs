import { parseArgs } from 'node:util';
import { inWords } from './books.mjs';
import { torture } from './torture.mjs';

const USAGE =
  'usage: npm run torture -- [--rounds N] [--seed N] [--journal DURATION] [--disk-faults] [--keep] [--json]\n' +
  '  --journal 0s tries a gateway without one; --keep leaves the folder for a look';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    journal: { type: 'string', default: '250ms' },
    'disk-faults': { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!(Number.isInteger(rounds) && rounds > 0) || !Number.isInteger(seed) || !/^\d+(ms|s)$/.test(values.journal)) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());

const tell = (line) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${line}`);
const books = await torture({
  rounds,
  seed,
  journal: values.journal,
  diskFaults: values['disk-faults'],
  keep: values.keep,
  signal: stop.signal,
  tell,
});
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
process.stdout.write(`${values.json ? JSON.stringify(books) : inWords(books)}\n`);
process.exitCode = books.balances ? 0 : 1;
