import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { resolveModule } from '../../daemon/signing/module-path.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Site } from '../support/site.ts';
import { createTpmToken, type TpmToken } from '../support/tpm-token.ts';
import { expectUnbroken } from './unbroken.ts';

const PROOFS = 4;

function hasTpm(): boolean {
  try {
    resolveModule({ name: 'tpm2_pkcs11' });
    return ['/usr/bin/swtpm', '/usr/local/bin/swtpm'].some(existsSync);
  } catch (error) {
    if (error instanceof FieldsealError) return false;
    throw error;
  }
}

const there = hasTpm();

describe.skipIf(!there)(
  `a P-256 key in a TPM 2.0 (swtpm), through mosquitto${there ? '' : ': skipped, as swtpm or tpm2-pkcs11 is not installed'}`,
  () => {
    let tpm: TpmToken;
    let broker: Mosquitto;
    let site: Site;

    beforeAll(async () => {
      tpm = await createTpmToken();
      broker = await Mosquitto.start();
      const token = { uri: tpm.uri, algorithm: 'ES256', env: tpm.env } as const;
      site = await Site.make({ brokerUrl: broker.url, token });
    });

    afterAll(async () => {
      await site?.dispose();
      await broker?.dispose();
      await tpm?.remove();
    });

    it('proofs are accepted in one chain, across a restart in good order and a power cut', async () => {
      const verifier = await site.startVerifier();
      const first = await site.startDaemon();
      await site.ledger.accepted(PROOFS);
      expect(await first.stop()).toBe(0);
      const second = await site.startDaemon();
      await site.ledger.accepted(site.spool.sealed().length + PROOFS);
      await second.kill();
      await tpm.restart();
      const third = await site.startDaemon();
      await site.ledger.accepted(site.spool.sealed().length + PROOFS);
      await site.silence();
      expect(await third.stop()).toBe(0);
      await site.ledger.accepted(site.spool.sealed().length);
      expect(await verifier.stop()).toBe(0);
      const proofs = expectUnbroken(site);
      expect(new Set(proofs.map(({ algorithm }) => algorithm))).toEqual(new Set(['ES256']));
      expect(proofs.flatMap(({ payload }) => payload.losses.map(({ reason }) => reason))).toEqual(['unclean-shutdown']);
      expect([first, second, third].flatMap(({ strayLines }) => strayLines)).toEqual([]);
    });

    it('the proofs are verified by `fieldseal verify`, and in Python without any of our code', async () => {
      const files = await site.keep(site.ledger.proofs().map(({ message }) => message));
      expect(files.length).toBeGreaterThanOrEqual(3 * PROOFS);
      expect((await site.verify(files)).code).toBe(0);
      expect((await site.verifyInPython(files)).code).toBe(0);
    });
  },
);
