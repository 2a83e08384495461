import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mosquitto } from '../support/mosquitto.ts';
import type { ServiceProcess } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { Wiretap } from '../support/wiretap.ts';
import { expectIdenticalBytes, expectUnbroken, receiptsOf } from './unbroken.ts';

/** Readings in a full proof; a batch is never closed by its age here. */
const FULL = 5;
const PROOFS = 4;

describe('a gateway and a verifier through mosquitto, secp256k1 keys in SoftHSM', () => {
  let broker: Mosquitto;
  let site: Site;
  let tap: Wiretap;
  let verifier: ServiceProcess;
  let daemon: ServiceProcess;

  beforeAll(async () => {
    broker = await Mosquitto.start();
    site = await Site.make({ brokerUrl: broker.url, daemon: { batching: { maxAge: '1h', maxReadings: FULL } } });
    tap = await Wiretap.start(broker.url);
    verifier = await site.startVerifier();
    daemon = await site.startDaemon();
  });

  afterAll(async () => {
    await tap?.stop();
    await site?.dispose();
    await broker?.dispose();
  });

  it('every batch that is full becomes an accepted proof, whose receipt clears it from the outbox', async () => {
    await site.ledger.accepted(PROOFS);
    await site.spool.empty();
    expect(daemon.hasEnded).toBe(false);
  });

  it('the verifier lists the device: ES256K in a software token, its owner, no refusals', async () => {
    const list = JSON.parse(await site.verifierSays('verifier', 'devices', '--json', '--config', site.verifierConfig));
    expect(list).toMatchObject({
      devices: [
        {
          kid: site.kid,
          algorithm: 'ES256K',
          custody: { hardware: false },
          owner: 'Ada Example',
          place: { lat: 47.3769, lon: 8.5417, altMSL: 408 },
          proofs: { flagged: 0, rejected: 0, held: 0, missing: 0 },
          refusals: [],
        },
      ],
      strangers: [],
    });
  });

  it('on SIGTERM the daemon seals what it holds, has it delivered, and ends with 0', async () => {
    const waiting = () => site.metric('readings_waiting');
    await expect.poll(waiting, { timeout: 10_000 }).toSatisfy((count) => count === 1 || count === 2);
    expect(await daemon.stop()).toBe(0);
    expect(daemon.strayLines).toEqual([]);
    expect(site.spool.waiting()).toEqual([]);
    const sealed = site.spool.sealed();
    await site.ledger.accepted(sealed.length);
    const proofs = expectUnbroken(site);
    expect(proofs.slice(0, -1).map(({ payload }) => payload.size)).toEqual(proofs.slice(0, -1).map(() => FULL));
    expect(proofs.at(-1)?.payload.size).toBeLessThan(FULL);
    expect(proofs.flatMap(({ payload }) => payload.losses)).toEqual([]);
  });

  it('what went over the broker is what the ledger holds, and each proof has a receipt by the pinned key', () => {
    const ledger = site.ledger.proofs();
    const published = expectIdenticalBytes(tap);
    expect(published.map((bytes) => Buffer.from(bytes))).toEqual(ledger.map(({ message }) => Buffer.from(message)));
    const receipts = receiptsOf(tap, JSON.parse(readFileSync(site.path('verifier.json'), 'utf8')));
    const accepted = receipts.filter(({ verdict }) => verdict === 'accepted');
    expect(accepted.map(({ digest }) => Buffer.from(digest).toString('hex')).sort()).toEqual(
      ledger.map(({ digest }) => digest).sort(),
    );
    expect(new Set(tap.heard.map(({ kid }) => kid))).toEqual(new Set([site.kid]));
    const last = tap.of('status').at(-1);
    expect(JSON.parse(Buffer.from(last?.payload ?? []).toString())).toMatchObject({ online: false });
  });

  it('proofs as published are verified by `fieldseal verify`, and in Python without any of our code', async () => {
    const files = await site.keep(expectIdenticalBytes(tap));
    const ours = await site.verify(files);
    expect(ours.code).toBe(0);
    expect(ours.verdicts).toHaveLength(files.length);
    expect(ours.verdicts.every(({ ok, kid }) => ok === true && kid === site.kid)).toBe(true);
    const python = await site.verifyInPython(files);
    expect(python.code).toBe(0);
    expect(python.verdicts.map(({ seq, digest }) => ({ seq, digest }))).toEqual(
      site.ledger.proofs().map(({ seq, digest }) => ({ seq, digest })),
    );
  });

  it('the verifier ends with 0 on SIGTERM', async () => {
    expect(await verifier.stop()).toBe(0);
    expect(verifier.strayLines).toEqual([]);
  });
});
