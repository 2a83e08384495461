#!/usr/bin/env node
// Installs, runs, removes and purges the packages in Debian systems of their own, made by mmdebstrap; another architecture's
// under qemu-user. Prints a table; exit code 0 only if all is good.
// usage: scripts/package/try-install.mjs [--debs DIR] [--only NAME]... [--json]     (as root)
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InstallTrial } from './install-trial.mjs';
import { enableQemu } from './qemu.mjs';
import { Hindrance, requirePrograms, run } from './run.mjs';
import { ServiceTrial } from './service-trial.mjs';

const project = resolve(import.meta.dirname, '../..');

/** Debian 13 has Node.js 20.19; Debian 12 has none that is new enough, so the package brings its own. */
const COMMON = ['softhsm2', 'libstdc++6', 'init-system-helpers'];
const TRIXIE = { suite: 'trixie', packages: ['nodejs', 'systemd-standalone-sysusers', ...COMMON], bundled: false };
const BOOKWORM = { suite: 'bookworm', packages: ['systemd-standalone-sysusers', ...COMMON], bundled: true };
const BOOTED = { ...BOOKWORM, packages: ['systemd', 'systemd-sysv', 'dbus', 'procps', ...COMMON], booted: true };
const TRIALS = {
  'trixie-amd64': { arch: 'amd64', ...TRIXIE },
  'trixie-arm64': { arch: 'arm64', ...TRIXIE },
  'trixie-armhf': { arch: 'armhf', ...TRIXIE },
  'bookworm-amd64-bundled': { arch: 'amd64', ...BOOKWORM },
  'bookworm-amd64-booted': { arch: 'amd64', ...BOOTED },
  'bookworm-arm64-bundled': { arch: 'arm64', ...BOOKWORM },
};
const USUAL = ['trixie-amd64', 'trixie-arm64', 'bookworm-amd64-bundled', 'bookworm-amd64-booted'];

async function main() {
  const options = readOptions();
  requirePrograms([
    ['mmdebstrap', 'mmdebstrap'],
    ['mosquitto', 'mosquitto'],
    ['systemd-nspawn', 'systemd-container'],
    ['unshare', 'util-linux'],
  ]);
  if (process.getuid() !== 0) throw new Hindrance('chroot and mmdebstrap need root');
  if (process.env.FIELDSEAL_OWN_MOUNTS === undefined) return inOwnNamespace();
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fieldseal');
  const work = mkdtempSync(join(tmpdir(), 'fieldseal-try-'));
  const broker = await startBroker(work);
  const results = [];
  try {
    for (const name of options.only ?? USUAL) {
      const trial = TRIALS[name];
      if (trial === undefined) throw new Hindrance(`--only is one of ${Object.keys(TRIALS).join(', ')}`);
      enableQemu(trial.arch);
      const debs = findDebs(options.debs ?? join(work, 'debs'), trial) ?? makeDebs(work, trial);
      const steps = await new (trial.booted ? ServiceTrial : InstallTrial)({
        ...trial,
        debs,
        cache,
        project,
        broker: broker.port,
        log: join(work, `${name}.log`),
      }).run((step) => options.json || console.log(row(name, step)));
      results.push({ name, steps });
    }
  } finally {
    broker.process.kill();
    const good = results.every(({ steps }) => steps.every(({ trouble }) => trouble === undefined));
    if (good) rmSync(work, { recursive: true });
    else console.error(`logs are kept in ${work}`);
  }
  if (options.json) console.log(JSON.stringify(results, undefined, 2));
  const failed = results.flatMap(({ steps }) => steps).filter(({ trouble }) => trouble !== undefined).length;
  const total = results.flatMap(({ steps }) => steps).length;
  if (!options.json) console.log(`${total - failed} of ${total} steps good`);
  process.exitCode = failed === 0 ? 0 : 1;
}

const row = (name, { step, seconds, detail, trouble }) =>
  `${trouble === undefined ? 'good' : 'BAD '}  ${name.padEnd(24)}${step.padEnd(34)}${seconds.toFixed(1).padStart(7)} s  ${trouble ?? detail ?? ''}`;

function readOptions() {
  try {
    return parseArgs({
      options: {
        debs: { type: 'string' }, // packages that are made already
        only: { type: 'string', multiple: true },
        json: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Hindrance(error.message);
  }
}

/** Mounts of the systems end with this process, however it ends. */
function inOwnNamespace() {
  const args = ['--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  const { status } = spawnSync('unshare', args, {
    stdio: 'inherit',
    env: { ...process.env, FIELDSEAL_OWN_MOUNTS: '1' },
  });
  process.exitCode = status ?? 1;
}

function findDebs(folder, { arch, bundled }) {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(`_${arch}.deb`)) : [];
  const gateway = names.find((name) => name.startsWith('fieldseal_') && name.includes('+bundled') === bundled);
  const verifier = names.find((name) => name.startsWith('fieldseal-verifier_'));
  if (gateway === undefined || verifier === undefined) return undefined;
  return { gateway: join(folder, gateway), verifier: join(folder, verifier) };
}

function makeDebs(work, trial) {
  const out = join(work, 'debs');
  const more = trial.bundled ? ['--bundle-runtime'] : [];
  run('node', [join(import.meta.dirname, 'index.mjs'), '--arch', trial.arch, '--verifier', '--out', out, ...more]);
  return findDebs(out, trial);
}

/** A broker on loopback, which the systems share with this machine. */
async function startBroker(work) {
  const port = await freePort();
  writeFileSync(join(work, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  const process = spawn('mosquitto', ['-c', join(work, 'mosquitto.conf')], { stdio: 'ignore' });
  return { port, process };
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Hindrance)) throw error;
  console.error(`try-install: ${error.message}`);
  process.exitCode = 2;
}
