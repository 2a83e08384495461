import { describe, expect, it, vi } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { Journal } from '../../daemon/journal/index.ts';
import { type ChainHead, type DigestSigner, type Loss, openReadings, parseProof } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { type SealedProof, Sealer, type SealerParts } from '../../daemon/sealing/index.ts';
import { ModelSectors } from '../journal/model-sectors.ts';
import { keptLog } from '../support/kept-log.ts';
import { testSigner } from '../support/test-signer.ts';

const NOW = 1_790_000_000_000;
const EPOCH = new Uint8Array(16).fill(9);
const SOURCES = [{ source: 'host', profile: 'builtin/host', profileDigest: new Uint8Array(32) }];
const reading = (n: number): Reading => ({ kind: 'host.health', source: 'host', t: NOW + n, fields: { uptime: n } });
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const { publicKey } = testSigner();
const SIGNATURE = new Uint8Array(64).fill(1);

/** A token that signs, fails or hangs, as it is told. */
class Token implements DigestSigner {
  readonly publicKey = publicKey;
  mood: 'signs' | 'fails' | 'hangs' = 'signs';
  asked = 0;

  async sign(): Promise<Uint8Array> {
    this.asked += 1;
    if (this.mood === 'hangs') return new Promise(() => {});
    if (this.mood === 'fails') throw new FieldsealError('TOKEN_NOT_FOUND', { detail: 'gone' });
    return SIGNATURE;
  }
}

/** A sealer with a journal on a disk that outlives it. */
async function bench(
  disk: ModelSectors | undefined,
  {
    from = { head: undefined as ChainHead | undefined, position: 0 },
    more = {} as Partial<SealerParts>,
    maxBytes = 64e6,
  } = {},
) {
  const log = keptLog();
  const state = { now: 1_000, awaited: false, position: from.position, noted: [] as Loss[] };
  const token = new Token();
  const stored: SealedProof[] = [];
  const clock = {
    now: () => NOW,
    monotonicNow: () => state.now,
    state: () => ({ source: 'ntp' as const, uncertaintyMs: 5, bootId: new Uint8Array(16), sinceBootMs: state.now }),
    get awaited() {
      return state.awaited;
    },
  };
  const options = { clock, sources: () => SOURCES, log, ...(disk && { disk }) };
  const journal = new Journal(
    { interval: disk === undefined ? 0 : 1_000, maxBytes },
    { directory: '/outbox' },
    options,
  );
  const limits = { maxAge: 3_600_000, maxReadings: 500, maxBytes: 96_000 };
  const parts: SealerParts = {
    signer: token,
    chain: () => stored.at(-1)?.head ?? from.head ?? { epoch: EPOCH },
    store: async (proof) => {
      stored.push(proof);
      state.position = proof.position ?? state.position;
      state.noted = state.noted.filter((loss) => !proof.declared.includes(loss));
      journal.sealed(state.position);
      return 'stored';
    },
    losses: () => state.noted,
    noteLoss: async (loss, position) => {
      state.noted = [...state.noted, loss];
      state.position = Math.max(state.position, position);
      journal.sealed(state.position);
    },
    keeper: journal,
    sources: SOURCES,
    clock,
    software: { name: 'fieldseal', version: '0.0.0' },
    log,
  };
  // A getter stays one.
  const sealer = new Sealer(limits, Object.defineProperties(parts, Object.getOwnPropertyDescriptors(more)));
  if (disk !== undefined) {
    await journal.look();
    const { batches, position } = journal.open(from.position, limits);
    sealer.recover(batches, position);
  }
  journal.onFull = sealer.notice;
  const stop = new AbortController();
  const running = sealer.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
  };
  /** Adds readings as they come, synced now and then. */
  const feed = async (numbers: readonly number[], every = 500) => {
    for (const n of numbers) {
      sealer.add(reading(n));
      if (n % every === 0) await journal.sync();
      if (n % 5_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const sealed = () => stored.flatMap(({ message }) => openReadings(parseProof(message)));
  const lost = () =>
    [...stored.flatMap(({ declared }) => declared), ...state.noted].reduce((sum, { count }) => sum + count, 0);
  return { sealer, journal, token, stored, state, log, end, feed, sealed, lost };
}

describe('while the token is away', () => {
  it('what memory has no room for lies in the journal alone, and is sealed in its turn', async () => {
    const site = await bench(new ModelSectors());
    site.token.mood = 'fails';
    await site.feed(range(1, 80_000));
    expect(site.sealer.stats.waiting).toBe(80_000);
    expect(site.lost()).toBe(0);
    site.token.mood = 'signs';
    await vi.waitFor(() => expect(site.sealer.stats.waiting).toBe(0), { timeout: 60_000 });
    await site.end();
    expect(site.lost()).toBe(0);
    expect(site.sealed().map(({ fields }) => fields)).toEqual(range(1, 80_000).map((n) => reading(n).fields));
  }, 90_000);

  it.each(['oldest', 'newest'] as const)(
    'and the journal is full, the %s readings go, and each is declared',
    async (drop) => {
      const site = await bench(new ModelSectors(), { more: { drop }, maxBytes: 1_000_000 });
      site.token.mood = 'fails';
      await vi.waitFor(() => expect(site.token.asked).toBe(0));
      for (let n = 1; n <= 60_000; n += 10) {
        for (const m of range(n, n + 9)) site.sealer.add(reading(m));
        await site.journal.sync();
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(site.journal.status.bytes).toBeLessThanOrEqual(1_000_000);
      site.token.mood = 'signs';
      await site.end();
      const sealed = site.sealed().map(({ t }) => t - NOW);
      // What the journal holds is kept, without waiting for the token to be tried again.
      expect(site.journal.stats.missed).toBe(0);
      expect(site.lost()).toBeGreaterThan(40_000);
      expect(sealed.length).toBeGreaterThan(9_000);
      expect(sealed.length + site.lost()).toBe(60_000);
      expect(sealed).toEqual([...sealed].sort((a, b) => a - b));
      if (drop === 'oldest') expect(sealed.at(-1)).toBe(60_000);
      else expect(sealed.slice(0, 5_000)).toEqual(range(1, 5_000));
    },
    90_000,
  );
});

describe('at the end', () => {
  it.each(['fails', 'hangs'] as const)(
    'what a token that %s did not sign stays in the journal: no loss, and the next run seals it',
    async (mood) => {
      const disk = new ModelSectors();
      const first = await bench(disk);
      await first.feed(range(1, 700));
      await vi.waitFor(() => expect(first.stored).toHaveLength(1));
      first.token.mood = mood;
      await first.feed(range(701, 1_800));
      const began = performance.now();
      await first.end();
      expect(performance.now() - began).toBeLessThan(6_000);
      expect(first.state).toMatchObject({ noted: [], position: 500 });
      expect(first.sealer.stats.waiting).toBe(0);

      const second = await bench(disk, { from: { head: first.stored[0]?.head, position: 500 } });
      await second.feed([1_801]);
      await second.end();
      expect(second.sealed().map(({ t }) => t - NOW)).toEqual(range(501, 1_801));
      expect(second.lost()).toBe(0);
    },
    20_000,
  );

  it('it is declared where no journal keeps it', async () => {
    const site = await bench(undefined);
    site.token.mood = 'fails';
    await site.feed(range(1, 700));
    await site.end();
    expect(site.state.noted).toEqual([{ reason: 'signer-backlog', count: 700, from: NOW + 1, to: NOW + 700 }]);
  });
});

describe('while the time is not known', () => {
  it('nothing of this run is sealed, and it is dated anew when it is', async () => {
    const site = await bench(new ModelSectors());
    site.state.awaited = true;
    await site.feed(range(1, 1_200));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(site.stored).toHaveLength(0);
    expect(site.sealer.makesProgress(0)).toBe(true);
    expect(site.sealer.dateBack(7_000)).toEqual({ count: 1_200, from: NOW + 7_001 });
    site.state.awaited = false;
    await site.end();
    expect(site.sealed().map(({ t }) => t)).toEqual(range(1, 1_200).map((n) => NOW + 7_000 + n));
  });

  it('a proof that was being signed when the readings were dated anew is not published', async () => {
    const site = await bench(new ModelSectors());
    const gate: { open: (signature: Uint8Array) => void } = { open: () => {} };
    vi.spyOn(site.token, 'sign').mockImplementationOnce(
      () =>
        new Promise((resolve) => {
          gate.open = resolve;
        }),
    );
    await site.feed(range(1, 500));
    await vi.waitFor(() => expect(site.token.sign).toHaveBeenCalledTimes(1));
    site.sealer.dateBack(-1_000);
    gate.open(SIGNATURE);
    await site.end();
    expect(site.stored).toHaveLength(1);
    expect(site.sealed()[0]?.t).toBe(NOW + 1 - 1_000);
  });

  it('what an earlier run left is sealed at once, with the clock of its time', async () => {
    const disk = new ModelSectors();
    const first = await bench(disk);
    first.state.awaited = true;
    first.state.now = 77_000;
    await first.feed(range(1, 500));
    const second = await bench(disk);
    second.state.awaited = true;
    second.state.now = 5_000;
    await second.feed(range(501, 600));
    await vi.waitFor(() => expect(second.stored).toHaveLength(1));
    expect(parseProof(second.stored[0]!.message).payload).toMatchObject({ size: 500, clock: { sinceBootMs: 77_000 } });
    await second.end();
    expect(second.stored).toHaveLength(2);
  });
});

describe('an outbox that asks for a proof anew', () => {
  it('gets one with the same readings where its chain then stands', async () => {
    const heads: string[] = [];
    const other = new Uint8Array(16).fill(3);
    let asks = 0;
    const site = await bench(new ModelSectors(), {
      more: {
        chain: () => ({ epoch: asks === 0 ? EPOCH : other }),
        store: async ({ head }) => {
          heads.push(Buffer.from(head.epoch).toString('hex'));
          asks += 1;
          return asks === 1 ? 'again' : 'held';
        },
      },
    });
    await site.feed(range(1, 3));
    await site.end();
    expect(heads).toEqual(['09'.repeat(16), '03'.repeat(16)]);
    expect(site.sealer.stats).toMatchObject({ proofs: 1, readings: 3, waiting: 0 });
  });
});

describe('where readings come from', () => {
  it('is told by the sources that there were when they came', async () => {
    const sources = [...SOURCES];
    const site = await bench(new ModelSectors(), {
      more: {
        get sources() {
          return [...sources];
        },
      },
    });
    await site.feed(range(1, 3));
    site.sealer.cut();
    sources[0] = { source: 'host', profile: 'builtin/other', profileDigest: new Uint8Array(32).fill(1) };
    await site.feed(range(4, 6));
    await site.end();
    const profiles = site.stored.map(({ message }) =>
      parseProof(message).payload.sources.map(({ profile }) => profile),
    );
    expect(profiles).toEqual([['builtin/host'], ['builtin/other']]);
  });
});
