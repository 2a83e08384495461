import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mosquitto } from '../support/mosquitto.ts';
import { answerOf, runProgram } from '../support/program.ts';
import { Site } from '../support/site.ts';

describe('a proof as it came over the broker, in the hands of others', () => {
  let broker: Mosquitto;
  let site: Site;
  let file: string;
  let keyFile: string;

  beforeAll(async () => {
    broker = await Mosquitto.start();
    site = await Site.make({ brokerUrl: broker.url, daemon: { batching: { maxAge: '2s' } } });
    await site.startVerifier();
    const daemon = await site.startDaemon();
    const [proof] = await site.ledger.until((proofs) => proofs.some(({ size }) => size > 2));
    await daemon.stop();
    [file = ''] = await site.keep(proof === undefined ? [] : [proof.message]);
    keyFile = site.path('device.json');
    writeFileSync(keyFile, await site.deviceKey());
  });

  afterAll(async () => {
    await site?.dispose();
    await broker?.dispose();
  });

  const change = (name: string, edit: (bytes: Buffer) => void): string => {
    const bytes = readFileSync(file);
    edit(bytes);
    const changed = site.path(name);
    writeFileSync(changed, bytes);
    return changed;
  };

  it('`inspect` shows what the ledger holds', async () => {
    const shown = JSON.parse(await answerOf(['inspect', '--json', file]));
    const [stored] = site.ledger.proofs();
    expect(shown).toMatchObject({ device: site.kid, seq: 0, digest: stored?.digest, size: stored?.size, losses: [] });
    expect(shown.readings).toHaveLength(stored?.size ?? 0);
    expect(shown.readings[0]).toMatchObject({ kind: 'gnss.fix', source: 'gnss', lat: expect.any(Number) });
    const words = await answerOf(['inspect', file]);
    expect(words).toContain(site.kid);
    expect(words).toContain('gnss.fix');
  });

  it('each of its readings is proved by itself, and only by the key that signed it', async () => {
    const { readings } = JSON.parse(await answerOf(['inspect', '--json', file]));
    for (const index of [0, readings.length - 1]) {
      const proved = JSON.parse(await answerOf(['prove-reading', file, String(index)]));
      expect(proved).toMatchObject({ index, size: readings.length });
      const disclosed = site.path(`reading-${index}.json`);
      writeFileSync(disclosed, JSON.stringify(proved));
      const answer = JSON.parse(await answerOf(['verify-reading', disclosed, '--key', keyFile]));
      expect(answer).toMatchObject({ ok: true, device: site.kid, seq: 0, reading: readings[index] });
      const stranger = await runProgram(['verify-reading', disclosed, '--key', site.path('verifier.json')]);
      expect({ code: stranger.code, ...JSON.parse(stranger.stdout) }).toMatchObject({ code: 1, ok: false });
    }
  });

  it.each(['row', 'salt', 'path', 'cose', 'index'])(
    'a disclosed reading whose %s was changed is refused',
    async (member) => {
      const disclosed = JSON.parse(await answerOf(['prove-reading', file, '1']));
      const flip = (hex: string) => hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
      const value = disclosed[member];
      const changed = typeof value === 'number' ? value - 1 : Array.isArray(value) ? value.map(flip) : flip(value);
      const other = site.path(`changed-${member}.json`);
      writeFileSync(other, JSON.stringify({ ...disclosed, [member]: changed }));
      const { code, stdout, stderr } = await runProgram(['verify-reading', other, '--key', keyFile]);
      expect(code).toBe(1);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, reasons: [expect.any(String)] });
      expect(stderr).toBe('');
    },
  );

  it.each([
    ['a byte of its signed part', (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(120) ^ 1, 120)],
    ['its last byte', (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)],
  ])('a proof with %s changed is refused, with a reason', async (_, edit) => {
    const { code, verdicts } = await site.verify([change('changed.cose', edit)]);
    expect(code).toBe(1);
    expect(verdicts).toEqual([expect.objectContaining({ ok: false, reasons: [expect.any(String)] })]);
    expect((await site.verifyInPython([site.path('changed.cose')])).code).toBe(1);
  });

  it('a proof that breaks off is one line with a code from `inspect`, and refused by `verify`', async () => {
    const cut = site.path('cut.cose');
    writeFileSync(cut, readFileSync(file).subarray(0, 200));
    const { code, stderr } = await runProgram(['inspect', cut]);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^PROOF_INVALID /)]);
    expect((await site.verify([cut])).code).toBe(1);
  });
});
