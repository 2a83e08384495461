import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listDevices } from '../../daemon/verifier/index.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { admitted, Scratch, signerOf, T0, TestDevice, verifierConfig } from './support.ts';
import { WireDevice } from './wire-device.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SEED = 99;
const verifierKey = signerOf('ES256', SEED).publicKey;

let scratch: Scratch;
let broker: Mosquitto;
const children: ChildProcess[] = [];

beforeEach(async () => {
  scratch = new Scratch();
  broker = await Mosquitto.start();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await broker.dispose();
  scratch.remove();
});

/** Compiles the daemon into the scratch folder, as it is at this moment. */
function compile(): void {
  spawnSync(process.execPath, [
    `${ROOT}/node_modules/typescript/bin/tsc`,
    '-p',
    ROOT,
    '--outDir',
    scratch.path('dist'),
  ]);
  symlinkSync(`${ROOT}/node_modules`, scratch.path('node_modules'));
  cpSync(`${ROOT}/package.json`, scratch.path('package.json'));
  cpSync(fileURLToPath(new URL('verifier-child.mjs', import.meta.url)), scratch.path('child.mjs'));
  if (!existsSync(scratch.path('dist/verifier/index.js'))) throw new Error('the daemon does not compile');
}

function startVerifier(killAt: number): ChildProcess {
  const point = Buffer.concat([Buffer.of(4), verifierKey.x, verifierKey.y]).toString('hex');
  const config = verifierConfig(scratch.path('ledger.sqlite'), broker.url);
  const secret = Buffer.alloc(32, SEED).toString('hex');
  writeFileSync(scratch.path('child.json'), JSON.stringify({ config, point, secret, now: T0 + 60_000 }));
  const args = ['child.mjs', scratch.path('dist'), 'child.json', String(killAt)];
  const child = spawn(process.execPath, args, { cwd: scratch.folder, stdio: ['ignore', 'inherit', 'inherit'] });
  children.push(child);
  return child;
}

it('a verifier killed between verdict and acknowledgement gets the message again, answers it as a duplicate, stores it once', async () => {
  compile();
  const device = new TestDevice();
  const ledger = scratch.ledger();
  await admitted(ledger, device);
  const wire = new WireDevice(device, verifierKey, verifierConfig('unused', broker.url).mqtt);
  await wire.start();
  const doomed = startVerifier(2);
  const died = once(doomed, 'exit');
  const sealed = await device.sealMany(5);
  const again = setInterval(() => void wire.publish(sealed[0] ?? never()).catch(() => {}), 200);
  await wire.receiptFor(0);
  clearInterval(again);
  for (const one of sealed.slice(1, 3)) await wire.publish(one);
  expect(await died).toEqual([null, 'SIGKILL']);
  for (const one of sealed.slice(3)) await wire.publish(one);
  expect(wire.receipts.map(({ receipt }) => receipt.seq)).not.toContain(2);
  expect(listDevices(ledger).devices[0]?.proofs.accepted).toBe(3);

  startVerifier(-1);
  expect((await wire.receiptFor(2)).receipt).toMatchObject({ verdict: 'duplicate', digest: sealed[2]?.digest });
  expect((await wire.receiptFor(4)).receipt.verdict).toBe('accepted');
  expect(listDevices(ledger).devices[0]?.proofs).toMatchObject({ accepted: 5, flagged: 0, held: 0, missing: 0 });
  expect(scratch.query('SELECT count(*) AS n FROM readings')).toEqual([{ n: 15 }]);
  await wire.stop();
});

function never(): never {
  throw new Error('not reached');
}
