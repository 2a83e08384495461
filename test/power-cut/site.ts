import { setImmediate } from 'node:timers/promises';
import { Journal } from '../../daemon/journal/index.ts';
import { Outbox, type OutboxOpening } from '../../daemon/outbox/index.ts';
import { type ClockState, type DigestSigner, openReadings, parseProof } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { Sealer } from '../../daemon/sealing/index.ts';
import type { ModelSectors } from '../journal/model-sectors.ts';
import type { ModelDisk } from '../outbox/model-disk.ts';
import { receiptFor } from '../outbox/support.ts';
import { keptLog } from '../support/kept-log.ts';
import { testSigner } from '../support/test-signer.ts';

export const BEGAN = 1_790_000_000_000;
const LIMITS = { maxAge: 3_600_000, maxReadings: 5, maxBytes: 96_000 };
const SOURCES = [{ source: 'gnss', profile: 'gnss/test', profileDigest: new Uint8Array(32) }];
const { publicKey } = testSigner();

/** A proof that anybody could see: it was ready to be sent. */
export interface Seen {
  readonly place: string;
  readonly digest: string;
  readonly bytes: string;
  readonly readings: readonly Reading[];
  readonly prev: string;
  readonly seq: number;
  readonly epoch: string;
  readonly losses: readonly {
    readonly reason: string;
    readonly count: number;
    readonly from: number;
    readonly to: number;
  }[];
  readonly bootId: string;
}

/** By so much a reading may be older than the one before it. */
export const LATE_MS = 250;

/**
 * The reading that is number n, by a clock that is so far ahead of the first. A few of them take more than a sector. Every fourth is
 * older than the one that came before it, as it took longer to come.
 */
export const reading = (n: number, offset = 0): Reading => ({
  kind: 'gnss.sky',
  source: 'gnss',
  t: BEGAN + n * 1_000 + offset - (n % 4 === 2 ? 1_000 + LATE_MS : 0),
  fields: { nSat: n, satellites: Uint8Array.from({ length: 270 }, (_, i) => (i * i * 31 + n * 97 + i * n) & 255) },
});

export const numberOf = ({ fields }: Reading): number => ('nSat' in fields ? Number(fields.nSat) : -1);

/** The whole way of the data on one disk, from the readings to what is ready to be sent. */
export class Site {
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly sectors: ModelSectors;
  sealer: Sealer | undefined;
  opening: OutboxOpening | undefined;
  /** By how much the clock was set. */
  offset = 0;
  /** Every proof that was ready to be sent, by its place in its chain. */
  readonly seen = new Map<string, Seen>();
  readonly settled = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #failure: unknown;
  /** What the clock shows. */
  now: number;
  readonly #stop = new AbortController();
  readonly #clock: { now(): number; monotonicNow(): number; state(): ClockState };
  /** While it is closed, the token does not answer. */
  #gate: Promise<void> = Promise.resolve();
  letSign: () => void = () => {};

  constructor(disk: ModelDisk, sectors: ModelSectors, began: number, boot: number) {
    this.now = began;
    const now = () => this.now;
    const bootId = new Uint8Array(16).fill(boot);
    this.#clock = {
      now,
      monotonicNow: () => now() - BEGAN,
      state: () => ({ source: 'ntp', uncertaintyMs: 5, bootId, sinceBootMs: now() - BEGAN }),
    };
    const log = keptLog();
    this.sectors = sectors;
    const lock = { take: async () => {}, release: async () => {} };
    const config = { directory: '/outbox', maxBytes: 1e9, maxAge: 1e12, drop: 'oldest', memory: 8e6 } as const;
    this.outbox = new Outbox(config, { log, fileSystem: disk, lock, now });
    const journal = { interval: 1_000, maxBytes: 64e6 };
    this.journal = new Journal(journal, config, { clock: this.#clock, sources: () => SOURCES, log, disk: sectors });
  }

  async open(): Promise<void> {
    this.opening = await this.outbox.open(await this.journal.look());
    const { journal, outbox } = this;
    // Real signatures would only take time.
    const signer: DigestSigner = { publicKey, sign: () => this.#gate.then(() => new Uint8Array(64).fill(1)) };
    this.sealer = new Sealer(LIMITS, {
      signer,
      chain: () => outbox.chain(),
      store: async ({ message, head, declared, position }) => {
        const appended = await outbox.append(
          message,
          head,
          position === undefined ? { declared } : { declared, position },
        );
        await this.look();
        return appended;
      },
      losses: () => outbox.losses,
      noteLoss: (loss, position) => outbox.addLoss(loss, position),
      keeper: journal,
      sources: SOURCES,
      clock: this.#clock,
      software: { name: 'fieldseal', version: '0.0.0' },
      log: keptLog(),
    });
    const { batches, gaps, position } = journal.open(this.opening.position, LIMITS);
    this.sealer.recover(batches, position);
    for (const gap of gaps) this.sealer.declare({ reason: 'unclean-shutdown', ...gap });
    outbox.on('changed', () => journal.sealed(outbox.position));
    this.#running = this.sealer.run(this.#stop.signal).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  /** Notes what is ready to be sent. */
  async look(): Promise<void> {
    for (const entry of [...this.outbox.pending()]) {
      const known = [...this.seen.values()].some(({ digest }) => digest === entry.digest);
      if (known) continue;
      const message = await this.outbox.read(entry);
      if (message === undefined) continue;
      const proof = parseProof(message);
      const { epoch, seq, prev, losses, clock } = proof.payload;
      const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
      const place = `${hex(epoch)}.${seq}`;
      const bytes = hex(message);
      const before = this.seen.get(place);
      if (before !== undefined && before.bytes !== bytes) throw new Error(`two proofs at ${place}`);
      const seen = { place, digest: entry.digest, bytes, readings: openReadings(proof), prev: hex(prev), seq, losses };
      this.seen.set(place, { ...seen, epoch: hex(epoch), bootId: hex(clock.bootId) });
    }
  }

  add(numbers: readonly number[]): void {
    for (const n of numbers) {
      const one = reading(n, this.offset);
      this.now = Math.max(this.now, one.t);
      this.sealer?.add(one);
    }
  }

  /** The clock is found to be wrong, and set. */
  step(ms: number): void {
    this.offset += ms;
    this.now += ms;
    this.sealer?.dateBack(ms);
  }

  /** The token does not answer until `letSign`. */
  holdToken(): void {
    this.#gate = new Promise((resolve) => {
      this.letSign = resolve;
    });
  }

  /** Waits until no more than `waiting` readings wait to be sealed. */
  async sealed(waiting: number): Promise<void> {
    for (let turns = 0; (this.sealer?.stats.waiting ?? 0) > waiting; turns++) {
      if (this.#failure !== undefined) throw this.#failure;
      if (turns > 100_000) throw new Error('nothing is sealed');
      await setImmediate();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The receipt for the oldest proof comes. */
  async settleOldest(): Promise<void> {
    const [oldest] = this.outbox.pending();
    const seen = [...this.seen.values()].find(({ digest }) => digest === oldest?.digest);
    if (seen === undefined) throw new Error('no proof waits');
    const [epoch, digest] = [Buffer.from(seen.epoch, 'hex'), Buffer.from(seen.digest, 'hex')];
    await this.outbox.settle(receiptFor({ epoch, seq: seen.seq, digest }));
    this.settled.add(seen.digest);
  }

  /** Ends in good order. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
    await this.journal.sync();
    await this.outbox.close();
  }

  /** The process is gone; what still runs of it comes to nothing. */
  async abandon(): Promise<void> {
    this.letSign();
    this.#stop.abort();
    await this.#running;
  }
}
