import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tryImage } from './trial.mjs';

const MIB = 1_048_576;

const USAGE = `Usage: scripts/boot-image [--image FILE] [--card MIB] [--timeout SECONDS] [--read-only] [--keep FOLDER]

Boots an image of scripts/make-image under QEMU, with a set-up file on its boot partition, and tries what a gateway must do:
it sets itself up, reads a receiver, publishes proofs that a verifier on this host accepts; then its power is cut, it starts
again, and its chain goes on.

  --image FILE      (default: fieldseal.img)
  --card MIB        size of the card that the image is copied to (default: 4096)
  --timeout SECONDS for each start, up to the first proof accepted (default: 1800: everything is emulated)
  --read-only       the image was made so
  --keep FOLDER     leave consoles and the card there

Exit code 0: all is as it should be.`;

const OPTIONS = {
  image: { type: 'string', default: 'fieldseal.img' },
  card: { type: 'string', default: '4096' },
  timeout: { type: 'string', default: '1800' },
  'read-only': { type: 'boolean', default: false },
  keep: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
};

const NEEDED = [
  ['/usr/bin/qemu-system-aarch64', 'qemu-system-arm'],
  ['/usr/share/qemu-efi-aarch64/QEMU_EFI.fd', 'qemu-efi-aarch64'],
  ['/usr/bin/mcopy', 'mtools'],
  ['/usr/sbin/sfdisk', 'fdisk'],
  ['/usr/bin/ssh', 'openssh-client'],
  ['/usr/sbin/mosquitto', 'mosquitto'],
];

function report({ results, times, facts, ledger }) {
  for (const [name, text] of Object.entries(facts)) console.log(`--- ${name}\n${text}\n`);
  const rows = [...new Set([...Object.keys(times.first), ...Object.keys(times.second)])];
  console.log('| seconds since power on | first start | after the power cut |\n|---|---|---|');
  for (const row of rows) {
    console.log(`| ${row} | ${times.first[row]?.toFixed(0) ?? ''} | ${times.second[row]?.toFixed(0) ?? ''} |`);
  }
  console.log(`\n${ledger.accepted} proofs with ${ledger.readings} readings accepted, the last has seq ${ledger.last}`);
  const bad = results.filter(({ ok }) => !ok);
  console.log(`${results.length - bad.length} of ${results.length} checks are good`);
  for (const { what, detail } of bad) console.log(`BAD  ${what}: ${detail}`);
  return bad.length === 0 ? 0 : 1;
}

const { values } = parseArgs({ options: OPTIONS });
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const missing = NEEDED.filter(([file]) => !existsSync(file)).map(([, name]) => name);
if (missing.length > 0) {
  console.error(`boot-image: apt-get install --no-install-recommends ${missing.join(' ')}`);
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'fieldseal-boot-'));
try {
  const outcome = await tryImage({
    image: values.image,
    cardBytes: Number(values.card) * MIB,
    timeoutMs: Number(values.timeout) * 1_000,
    readOnly: values['read-only'],
    folder,
  });
  process.exitCode = report(outcome);
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}
