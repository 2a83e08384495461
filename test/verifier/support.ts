import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { p256 } from '@noble/curves/nist.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import Database from 'better-sqlite3';
import { type VerifierConfig, verifierSchema } from '../../daemon/config/schema.ts';
import {
  type Algorithm,
  type ChainHead,
  type DigestSigner,
  draftProof,
  type Enrolment,
  kidToText,
  type ProofInput,
  publicKeyFromPoint,
  signEnrolment,
  thumbprint,
} from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { admit, type Ledger, openLedger } from '../../daemon/verifier/index.ts';

/** 2024-06-01T00:00:00Z: where the tests' clocks begin. */
export const T0 = Date.UTC(2024, 5, 1);

export const digestOf = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

/** A software key on either curve, deterministic by its seed. */
export function signerOf(algorithm: Algorithm, seed: number): DigestSigner {
  const curve = algorithm === 'ES256' ? p256 : secp256k1;
  const secret = new Uint8Array(32).fill(seed);
  return {
    publicKey: publicKeyFromPoint(algorithm, curve.getPublicKey(secret, false)),
    sign: async (digest) => curve.sign(digest, secret, { prehash: false, lowS: true }),
  };
}

/** A sealed proof as it goes over the wire. */
export interface Sealed {
  readonly message: Uint8Array;
  readonly digest: Uint8Array;
  readonly seq: number;
  readonly epoch: Uint8Array;
}

export const PROFILE = { name: 'gnss/test', digest: digestOf(7) };

/** A position fix at time t, which the fields change or add to. */
export const fix = (t: number, fields: Partial<Extract<Reading, { kind: 'gnss.fix' }>['fields']> = {}): Reading => ({
  kind: 'gnss.fix',
  source: 'gnss',
  t,
  fields: { mode: 3, lat: 525_162_750, lon: 133_777_040, ...fields },
});

/** A device that seals real proofs, one after the other in its chain. */
export class TestDevice {
  readonly signer: DigestSigner;
  readonly kid: Uint8Array;
  readonly #start: number;
  head: ChainHead | { readonly epoch: Uint8Array };

  constructor(algorithm: Algorithm = 'ES256K', seed = 1, start = T0) {
    this.signer = signerOf(algorithm, seed);
    this.kid = thumbprint(this.signer.publicKey);
    this.head = { epoch: new Uint8Array(16).fill(seed) };
    this.#start = start;
  }

  get id(): string {
    return kidToText(this.kid);
  }

  /** The time at which the proof of a sequence number begins. */
  timeOf(seq: number): number {
    return this.#start + seq * 1_000;
  }

  async seal(changes: Partial<ProofInput> = {}): Promise<Sealed> {
    const seq = 'seq' in this.head ? this.head.seq + 1 : 0;
    const t = this.timeOf(seq);
    const draft = draftProof({
      publicKey: this.signer.publicKey,
      previous: this.head,
      readings: [fix(t), fix(t + 100), fix(t + 200)],
      sources: [{ source: 'gnss', profile: PROFILE.name, profileDigest: PROFILE.digest }],
      clock: { source: 'ntp', uncertaintyMs: 10, bootId: new Uint8Array(16), sinceBootMs: 1_000 * seq },
      losses: [],
      software: { name: 'test', version: '1' },
      now: t,
      ...changes,
    });
    this.head = draft.head;
    const message = draft.finish(await this.signer.sign(draft.digest));
    return { message, digest: draft.digest, seq: draft.head.seq, epoch: draft.head.epoch };
  }

  async sealMany(count: number): Promise<Sealed[]> {
    const sealed: Sealed[] = [];
    for (let i = 0; i < count; i += 1) sealed.push(await this.seal());
    return sealed;
  }

  /** Begins another epoch. */
  restart(fill: number): void {
    this.head = { epoch: new Uint8Array(16).fill(fill) };
  }

  enrolment(changes: Partial<Enrolment> = {}): Promise<Uint8Array> {
    const record: Enrolment = {
      publicKey: this.signer.publicKey,
      custody: { hardware: true, holder: 'SoftHSM' },
      profiles: [PROFILE],
      owner: 'Test owner',
      place: { lat: 525_162_750, lon: 133_777_040, altMSL: 34_000 },
      created: T0,
      software: { name: 'test', version: '1' },
      ...changes,
    };
    return signEnrolment(record, this.signer);
  }
}

/** A folder of the test's own. */
export class Scratch {
  readonly folder = mkdtempSync(join(tmpdir(), 'fieldseal-verifier-'));
  readonly #ledgers: Ledger[] = [];

  path(name: string): string {
    return join(this.folder, name);
  }

  ledger(name = 'ledger.sqlite'): Ledger {
    const ledger = openLedger(this.path(name));
    this.#ledgers.push(ledger);
    return ledger;
  }

  /** Reads a ledger as any other program would. */
  query(sql: string, name = 'ledger.sqlite'): unknown[] {
    const database = new Database(this.path(name), { readonly: true });
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }

  remove(): void {
    for (const ledger of this.#ledgers) ledger.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export async function admitted(ledger: Ledger, device: TestDevice, changes: Partial<Enrolment> = {}): Promise<void> {
  admit(ledger, await device.enrolment(changes), T0);
}

export function verifierConfig(ledger: string, url = 'mqtt://127.0.0.1:1', more: object = {}): VerifierConfig {
  return verifierSchema.parse({
    signer: { uri: 'file:unused', algorithm: 'ES256K' },
    ledger,
    mqtt: { url, reconnect: { min: '20ms', max: '100ms' } },
    ...more,
  });
}
