import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProofInput, publicKeyToJson } from '../../daemon/proof/index.ts';
import { testSigner } from './keys.ts';
import { fixes, mixture, seal } from './samples.ts';

const SCRIPT = fileURLToPath(new URL('../python/verify.py', import.meta.url));
const VECTORS = fileURLToPath(new URL('../vectors', import.meta.url));

/** The system's Python first: that is where Debian installs the two modules. */
const python = ['/usr/bin/python3', 'python3'].find(
  (command) => spawnSync(command, ['-c', 'import cbor2, cryptography']).status === 0,
);
const absent = python === undefined ? ' (skipped: no Python with cbor2 and cryptography)' : '';

function run(...options: string[]): {
  status: number | null;
  lines: { ok: boolean; reasons: string[]; size: number }[];
} {
  const { status, stdout } = spawnSync(python ?? '', [SCRIPT, ...options], { encoding: 'utf8' });
  return {
    status,
    lines: stdout
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  };
}

describe.skipIf(python === undefined)(`the independent verifier${absent}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'fieldseal-python-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('finds every vector good', () => {
    const { status, lines } = run('--vectors', VECTORS);
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    expect(lines).toHaveLength(16);
    expect(status).toBe(0);
  });

  it('finds a live chain good, and says what is wrong with one that was tampered with', async () => {
    const signer = testSigner('ES256K', 0x81);
    const devices = join(folder, 'devices.json');
    writeFileSync(devices, JSON.stringify({ devices: [{ publicKey: publicKeyToJson(signer.publicKey) }] }));
    const files: string[] = [];
    let previous: ProofInput['previous'] = { epoch: new Uint8Array(16).fill(5) };
    for (const readings of [fixes(300, 5), [], mixture(), fixes(20, 6).toReversed()]) {
      const { message, head } = await seal(signer, { readings, previous });
      previous = head;
      files.push(join(folder, `${files.length}.cose`));
      writeFileSync(files.at(-1) ?? '', message);
    }
    const good = run('--devices', devices, ...files);
    expect(good.lines.map(({ ok, size }) => [ok, size])).toEqual([
      [true, 300],
      [true, 0],
      [true, mixture().length],
      [true, 20],
    ]);
    expect(good.status).toBe(0);

    const { message } = await seal(signer, { readings: fixes(5) });
    const forged = (at: number): Uint8Array => message.map((byte, i) => (i === at ? byte ^ 1 : byte));
    for (const [at, reason] of [
      [100, 'signature'],
      [message.length - 20, 'block'],
    ] as const) {
      const file = join(folder, 'forged.cose');
      writeFileSync(file, forged(at));
      const { status, lines } = run('--devices', devices, file);
      expect(lines.map(({ ok, reasons }) => [ok, reasons])).toEqual([[false, [reason]]]);
      expect(status).toBe(1);
    }
    expect(run('--devices', devices, files[0] ?? '', files[2] ?? '').lines.map(({ reasons }) => reasons)).toEqual([
      [],
      ['gap'],
    ]);
  });

  it('ends 2 on bad usage', () => {
    expect(run().status).toBe(2);
    expect(() => execFileSync(python ?? '', [SCRIPT, '--no-such-option'], { stdio: 'ignore' })).toThrow();
  });
});
