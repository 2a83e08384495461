import { describe, expect, it, vi } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { type ChainHead, type DigestSigner, type Loss, parseProof, verifyProof } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { type SealedProof, Sealer } from '../../daemon/sealing/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { testSigner } from '../support/test-signer.ts';

const NOW = 1_790_000_000_000;
const EPOCH = new Uint8Array(16).fill(9);
const LIMITS = { maxAge: 60_000, maxReadings: 10, maxBytes: 96_000 };
const reading = (t: number): Reading => ({ kind: 'host.health', source: 'host', t, fields: { uptime: t } });
const readings = (count: number, from = 0) => Array.from({ length: count }, (_, i) => reading(from + i));

/** A sealer whose proofs land in `stored`; `count(n)` waits until there are n. */
function bench(signer: DigestSigner, limits = LIMITS, start: ChainHead | { epoch: Uint8Array } = { epoch: EPOCH }) {
  const stored: SealedProof[] = [];
  const log = keptLog();
  const time = { now: 1_000 };
  let noted: Loss[] = [];
  const sealer = new Sealer(limits, {
    signer,
    chain: () => stored.at(-1)?.head ?? start,
    store: async (proof) => {
      stored.push(proof);
      noted = noted.filter((loss) => !proof.declared.includes(loss));
      return 'stored';
    },
    losses: () => noted,
    noteLoss: async (loss) => {
      noted = [...noted, loss];
    },
    sources: [{ source: 'host', profile: 'builtin/host', profileDigest: new Uint8Array(32) }],
    clock: {
      now: () => NOW,
      monotonicNow: () => time.now,
      state: () => ({ source: 'ntp', uncertaintyMs: 5, bootId: new Uint8Array(16), sinceBootMs: time.now }),
    },
    software: { name: 'fieldseal', version: '0.0.0' },
    log,
  });
  const stop = new AbortController();
  const running = sealer.run(stop.signal);
  const count = (n: number) => vi.waitFor(() => expect(stored.length).toBeGreaterThanOrEqual(n), { timeout: 10_000 });
  const end = async () => {
    stop.abort();
    await running;
  };
  const opened = () => stored.map(({ message }) => verifyProof(message, signer.publicKey));
  return { sealer, stored, log, time, count, end, opened, noted: () => noted };
}

describe('Sealer', () => {
  it('makes one unbroken chain of verifiable proofs, in the order of the readings', async () => {
    const { sealer, count, end, opened } = bench(testSigner());
    for (const one of readings(35)) sealer.add(one);
    await count(3);
    await end();
    const proofs = opened();
    expect(proofs.flatMap(({ readings: rows }) => rows)).toEqual(readings(35));
    expect(proofs.map(({ proof }) => proof.payload.seq)).toEqual([0, 1, 2, 3]);
    for (const [i, { proof }] of proofs.entries()) {
      expect(proof.payload.prev).toEqual(proofs[i - 1]?.proof.digest ?? new Uint8Array(32));
      expect(proof.payload.epoch).toEqual(EPOCH);
    }
    expect(sealer.stats).toMatchObject({ proofs: 4, readings: 35, waiting: 0 });
  });

  it('goes on where the chain stood', async () => {
    const head = { epoch: EPOCH, seq: 41, digest: new Uint8Array(32).fill(3) };
    const { sealer, end, opened } = bench(testSigner(), LIMITS, head);
    sealer.add(reading(1));
    await end();
    expect(opened()[0]?.proof.payload).toMatchObject({ seq: 42, prev: head.digest });
    expect(sealer.head).toMatchObject({ seq: 42 });
  });

  it('carries the latest nonce until it lapses', async () => {
    const { sealer, count, end, opened } = bench(testSigner());
    sealer.setNonce(new Uint8Array(16).fill(4), NOW + 1);
    sealer.setNonce(new Uint8Array(16).fill(5), NOW + 1);
    for (const one of readings(10)) sealer.add(one);
    await count(1);
    sealer.setNonce(new Uint8Array(16).fill(6), NOW);
    sealer.add(reading(1));
    await end();
    expect(opened().map(({ proof }) => proof.payload.nonce)).toEqual([new Uint8Array(16).fill(5), undefined]);
  });

  it('declares a loss once, its counts added up', async () => {
    const { sealer, count, end, opened } = bench(testSigner());
    sealer.declare({ reason: 'source-overflow', count: 3, from: 10, to: 20 });
    sealer.declare({ reason: 'source-overflow', count: 4, from: 5, to: 15 });
    for (const one of readings(20)) sealer.add(one);
    await count(2);
    await end();
    expect(opened().map(({ proof }) => proof.payload.losses)).toEqual([
      [{ reason: 'source-overflow', count: 7, from: 5, to: 20 }],
      [],
    ]);
  });

  it('declares a loss in a proof of its own where no reading comes', async () => {
    const { sealer, count, end, opened, time } = bench(testSigner(), { ...LIMITS, maxAge: 20 });
    sealer.declare({ reason: 'outbox-quota', count: 100, from: 1, to: 2 });
    time.now += 20;
    await count(1);
    await end();
    expect(opened()).toHaveLength(1);
    expect(opened()[0]?.proof.payload).toMatchObject({ size: 0, losses: [{ reason: 'outbox-quota', count: 100 }] });
  });

  it('keeps the readings while the token fails, says so once, and goes on', async () => {
    const signer = testSigner();
    let failures = 2;
    const { sealer, stored, log, end, opened } = bench({
      publicKey: signer.publicKey,
      sign: async (digest) => {
        if (failures-- > 0) throw new FieldsealError('TOKEN_FAILED', { detail: 'C_Sign returned CKR_DEVICE_REMOVED' });
        return signer.sign(digest);
      },
    });
    for (const one of readings(10)) sealer.add(one);
    await vi.waitFor(() => expect(sealer.stats.signFailures).toBe(2), { timeout: 5_000 });
    expect(stored).toHaveLength(0);
    expect(sealer.stats.trouble).toContain('TOKEN_FAILED');
    await vi.waitFor(() => expect(stored).toHaveLength(1), { timeout: 10_000 });
    await end();
    expect(opened().flatMap(({ readings: rows }) => rows)).toEqual(readings(10));
    expect(log.lines.map(({ phrase }) => phrase)).toEqual(['token does not sign; readings wait', 'token signs again']);
  });

  it('drops the oldest batches when too much waits for the token, and declares them', async () => {
    const signer = testSigner();
    let open: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { sealer, end, opened } = bench(
      { publicKey: signer.publicKey, sign: async (digest) => gate.then(() => signer.sign(digest)) },
      { maxAge: 60_000, maxReadings: 500, maxBytes: 96_000 },
    );
    for (const one of readings(52_500)) sealer.add(one);
    open();
    await end();
    const proofs = opened();
    const lost = proofs.flatMap(({ proof }) => proof.payload.losses).reduce((sum, loss) => sum + loss.count, 0);
    const sealed = proofs.flatMap(({ readings: rows }) => rows);
    expect(lost).toBeGreaterThan(0);
    expect(sealed.length + lost).toBe(52_500);
    expect(sealed.at(-1)).toEqual(reading(52_499));
  });

  it('parts a batch that does not fit a message', async () => {
    const noise = new Uint8Array(255 * 9);
    for (let i = 0; i < noise.length; i += 1) noise[i] = (i * i * 31 + i * 7) ^ (i >> 3);
    const skies: Reading[] = Array.from({ length: 200 }, (_, t) => ({
      kind: 'gnss.sky',
      source: 'host',
      t,
      fields: { satellites: noise.map((byte, i) => byte ^ (t * 251 + i * t)) },
    }));
    const { sealer, end, stored, opened } = bench(testSigner(), {
      maxAge: 60_000,
      maxReadings: 200,
      maxBytes: 2 ** 30,
    });
    for (const sky of skies) sealer.add(sky);
    await end();
    expect(stored.length).toBeGreaterThan(1);
    expect(opened().flatMap(({ readings: rows }) => rows.map(({ t }) => t))).toEqual(skies.map(({ t }) => t));
  });

  it('stops when told to while the token fails, and notes what it could not seal', async () => {
    const failing: DigestSigner = {
      publicKey: testSigner().publicKey,
      sign: () => Promise.reject(new FieldsealError('TOKEN_TIMEOUT', { detail: 'no answer in 30 s' })),
    };
    const { sealer, stored, end, noted } = bench(failing);
    for (const one of readings(15, 100)) sealer.add(one);
    await end();
    expect(stored).toHaveLength(0);
    expect(noted()).toEqual([{ reason: 'signer-backlog', count: 15, from: 100, to: 114 }]);
    expect(sealer.stats.waiting).toBe(0);
  });

  it('notes what a token refused that was being asked when it had to stop', async () => {
    const failing: DigestSigner = {
      publicKey: testSigner().publicKey,
      sign: () => Promise.reject(new FieldsealError('TOKEN_FAILED', { detail: 'C_Sign returned CKR_GENERAL_ERROR' })),
    };
    const { sealer, end, noted } = bench(failing);
    for (const one of readings(25, 100)) sealer.add(one);
    await vi.waitFor(() => expect(sealer.stats.signFailures).toBeGreaterThan(0));
    await end();
    expect(noted().reduce((sum, { count }) => sum + count, 0)).toBe(25);
    expect(sealer.stats.waiting).toBe(0);
  });

  it('makes progress while nothing waits, while it seals, and while it says why it does not', async () => {
    const signer = testSigner();
    let answer: (signature: Uint8Array) => void = () => {};
    const silent: DigestSigner = {
      publicKey: signer.publicKey,
      sign: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    const { sealer, time, end } = bench(silent, { ...LIMITS, maxAge: 1_000 });
    time.now += 1_000_000;
    expect(sealer.makesProgress(500)).toBe(true);
    for (const one of readings(10)) sealer.add(one);
    time.now += 1_500;
    expect(sealer.makesProgress(500)).toBe(true);
    time.now += 1;
    expect(sealer.makesProgress(500)).toBe(false);
    await vi.waitFor(() => {
      answer(new Uint8Array(64).fill(1));
      expect(sealer.stats.proofs).toBe(1);
    });
    expect(sealer.makesProgress(500)).toBe(true);
    await end();
  });

  it('keeps the readings while the token holds another key, and goes on when the right one is back', async () => {
    const signer = testSigner();
    let isChanged = true;
    const { sealer, stored, end, opened } = bench({
      publicKey: signer.publicKey,
      sign: (digest) =>
        isChanged ? Promise.reject(new FieldsealError('KEY_CHANGED', { detail: 'another key' })) : signer.sign(digest),
    });
    for (const one of readings(10)) sealer.add(one);
    await vi.waitFor(() => expect(sealer.stats.trouble).toContain('KEY_CHANGED'));
    expect(stored).toHaveLength(0);
    isChanged = false;
    await vi.waitFor(() => expect(stored).toHaveLength(1), { timeout: 5_000 });
    await end();
    expect(opened().flatMap(({ readings: rows }) => rows)).toEqual(readings(10));
  });

  it('writes messages that parse by themselves', async () => {
    const { sealer, stored, end } = bench(testSigner());
    sealer.add(reading(1));
    await end();
    expect(parseProof(stored[0]?.message ?? new Uint8Array()).payload.size).toBe(1);
  });
});
