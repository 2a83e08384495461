import { join } from 'node:path';
import { pause } from '../abort.ts';
import type { JournalConfig, OutboxConfig } from '../config/schema.ts';
import { FileTrouble } from '../file-trouble.ts';
import type { Log } from '../log.ts';
import { decodeColumns, encodeColumns } from '../proof/block/columns.ts';
import { indexOfSource } from '../proof/draft.ts';
import type { ClockState, ProofSource } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { encodeFrame, type Frame, SECTOR } from './frame.ts';
import { Pending } from './pending.ts';
import { Contents, type Gap, type KeepingLimits, type KeptBatch, type Step } from './recovery.ts';
import { encodeRun, type Run } from './run.ts';
import { nodeSectorDisk, type SectorDisk } from './sector-disk.ts';
import { Slots } from './slots.ts';

export interface JournalOptions {
  readonly clock: { monotonicNow(): number; state(): ClockState };
  /** Where readings come from just now; a proof of them has to list it. */
  readonly sources: () => readonly ProofSource[];
  readonly log: Log;
  readonly disk?: SectorDisk;
}

/** What the last run left to be sealed. */
export interface Recovery {
  readonly batches: readonly KeptBatch[];
  /** Readings between them that can't be had. */
  readonly gaps: readonly Gap[];
  /** The greatest position that was given to a reading, as far as is known. */
  readonly position: number;
}

/** How the journal is doing. */
export interface JournalStatus {
  /** Readings on the disk that are not sealed. */
  readonly readings: number;
  readonly bytes: number;
  /** Whether readings get onto the disk. */
  readonly durable: boolean;
  /** Why they do not: `CODE place: what happened`. */
  readonly trouble: string | undefined;
}

/** What a run's frame and another take beyond their payloads: headers, and the rest of a sector of the largest kind. */
const FRAME_MARGIN = 4 * 4_096;

/**
 * Keeps readings on the disk until they are sealed, for the case that the power goes, and for as long as the token is away. Each
 * reading has a position: 1, 2, 3, ... for the life of the outbox beside it, which knows up to which everything is sealed. So no
 * reading is sealed twice, without a further write for each proof.
 *
 * What was read is written every `interval`, in one write of few sectors to a file that has its size already. When the disk
 * does not take it, the journal says so, goes on in memory, and tries again with a fresh file; a file that failed once is
 * never written to again.
 */
export class Journal {
  readonly #config: JournalConfig;
  readonly #options: JournalOptions;
  readonly #slots: Slots;
  readonly #pending = new Pending();
  readonly #steps: Step[] = [];
  /** How many of the steps are on the disk. */
  #stepsWritten = 0;
  readonly #runs = new Map<number, Run>();
  /** Of the frames in the file that is being written. */
  #run: number | undefined;
  #contents: Contents | undefined;
  #sequence = 0;
  #sealed = 0;
  /** Every reading from one position to the other is on the disk, or sealed. */
  #kept = { from: 1, to: 0 };
  readonly #trouble: FileTrouble;
  #isFull = false;
  #turn: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => {};
  /** Frames written, bytes of them, and readings that stayed in memory alone because the disk did not take them. */
  readonly stats = { frames: 0, bytes: 0, missed: 0 };
  /** When its loop last turned, by `performance.now`; undefined where it does not run. */
  turnedAt: number | undefined;
  /** Told when there is no room: readings up to the position have to be given up. */
  onFull: () => void = () => {};

  constructor(config: JournalConfig, outbox: Pick<OutboxConfig, 'directory'>, options: JournalOptions) {
    this.#config = config;
    this.#options = options;
    this.#trouble = new FileTrouble({
      place: 'outbox.directory',
      code: 'JOURNAL_UNUSABLE',
      fails: 'readings are kept in memory alone until they are sealed',
      heals: 'readings are kept on the disk again',
      log: options.log.child({ room: 'journal' }),
      now: () => options.clock.monotonicNow(),
    });
    const folder = join(outbox.directory, 'journal');
    this.#slots = new Slots(options.disk ?? nodeSectorDisk, folder, config.maxBytes);
  }

  get isOn(): boolean {
    return this.#config.interval > 0;
  }

  get status(): JournalStatus {
    const trouble = this.#trouble.line ?? (this.#isFull ? 'full' : undefined);
    return {
      readings: Math.max(0, this.#kept.to - Math.max(this.#sealed, this.#kept.from - 1)),
      bytes: this.#slots.bytes,
      durable: trouble === undefined,
      trouble,
    };
  }

  /** No further reading is taken to the disk before some have been given up. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The position up to which readings have to be given up to make room; undefined while there is room. */
  get fullUpTo(): number | undefined {
    return this.#isFull ? this.#slots.oldest(this.#sealed) : undefined;
  }

  /** Reads what the last run left. Gives the time from which on readings may be missing after it, ms since the Unix epoch, if any. */
  async look(): Promise<number | undefined> {
    try {
      this.#contents = await Contents.of(this.#slots);
    } catch (error) {
      await this.#fail(error);
    }
    return this.isOn ? this.#contents?.lostFrom(this.#config.interval) : undefined;
  }

  /**
   * Gives what is to be sealed of it; after `look`, and before anything is added.
   *
   * @param sealed every reading up to this position is sealed already
   */
  open(sealed: number, limits: KeepingLimits): Recovery {
    const contents = this.#contents;
    this.#contents = undefined;
    this.#sealed = sealed;
    if (contents === undefined) return { batches: [], gaps: [], position: sealed };
    this.#sequence = contents.sequence;
    this.#steps.push(...contents.steps);
    this.#stepsWritten = this.#steps.length;
    for (const [id, run] of contents.runs) this.#runs.set(id, run);
    const position = Math.max(sealed, contents.position, contents.sealed);
    this.#kept = { from: sealed + 1, to: position };
    const { batches, gaps } = contents.unsealed(sealed, limits);
    const readings = batches.reduce((sum, { count }) => sum + count, 0);
    if (readings > 0)
      this.#options.log.child({ room: 'journal' }).info({ readings }, 'readings of the last run are taken up again');
    return { batches, gaps, position };
  }

  /** Takes a reading; it is on the disk after `interval` at most. */
  add(position: number, reading: Reading): void {
    if (!this.isOn) return;
    this.stats.missed += this.#pending.add(position, reading);
    if (this.#pending.isFrameful) this.#wake();
  }

  /** Every reading up to this position is in a proof on the disk, or declared lost. */
  sealed(position: number): void {
    if (position <= this.#sealed) return;
    this.#sealed = position;
    this.#pending.drop(position);
    if (this.#isFull && this.#slots.oldest(position) !== undefined) this.#wake();
  }

  /** Readings up to a position were dated anew. What is yet to be written has its new time already. */
  dateBack(upTo: number, deltaMs: number): void {
    if (!this.isOn) return;
    this.#steps.push({ sequence: this.#next(), upTo, deltaMs, clock: this.#options.clock.state() });
  }

  /** Whether all readings of these positions are on the disk. */
  keeps(first: number, last: number): boolean {
    return first >= this.#kept.from && last <= this.#kept.to;
  }

  /** Reads readings back, in the order of their positions; those that can't be read are left out. */
  async read(first: number, last: number): Promise<Reading[]> {
    const found = new Map<number, { readonly sequence: number; readonly reading: Reading }>();
    try {
      for await (const frame of this.#slots.framesWith(first, last)) {
        if (frame.kind !== 'readings' || frame.first > last || frame.first + frame.count <= first) continue;
        for (const [i, reading] of this.#readingsOf(frame).entries()) {
          const position = frame.first + i;
          const isNewer = (found.get(position)?.sequence ?? -1) < frame.sequence;
          if (position >= first && position <= last && isNewer)
            found.set(position, { sequence: frame.sequence, reading });
        }
      }
    } catch (error) {
      await this.#fail(error);
    }
    return [...found].sort(([a], [b]) => a - b).map(([, { reading }]) => reading);
  }

  /** Brings everything to the disk that was taken so far. Says whether that is so. */
  sync(): Promise<boolean> {
    const result = this.#turn.then(() => this.#sync());
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Writes every `interval` until the signal, then once more. */
  async run(signal: AbortSignal): Promise<void> {
    if (!this.isOn) return;
    while (!signal.aborted) {
      this.turnedAt = performance.now();
      await this.sync();
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      // A wait that ends as soon as it began would make a write of every reading.
      if (this.#trouble.line !== undefined || this.#isFull || !this.#pending.isFrameful) {
        await pause(this.#config.interval, AbortSignal.any([signal, woken.signal]));
      }
    }
    await this.sync();
    await this.#slots.close();
  }

  async #sync(): Promise<boolean> {
    if (!this.isOn) return false;
    if (this.#pending.size === 0 && this.#stepsWritten === this.#steps.length) return this.#trouble.line === undefined;
    if (!this.#trouble.mayTry) return false;
    try {
      const written = await this.#writeAll();
      if (written) this.#isFull = false;
      if (written) this.#trouble.over();
      return written;
    } catch (error) {
      await this.#fail(error);
      return false;
    }
  }

  /** False where the journal is full. */
  async #writeAll(): Promise<boolean> {
    while (this.#stepsWritten < this.#steps.length) {
      const step = this.#steps[this.#stepsWritten];
      if (step === undefined) break;
      // What it dates anew may be sealed by now.
      if (step.upTo > this.#sealed && !(await this.#writeStep(step))) return false;
      this.#stepsWritten += 1;
    }
    // What comes meanwhile waits for the next time: a frame of its own would take as much as ten of them.
    const last = this.#pending.first + this.#pending.size - 1;
    while (this.#pending.size > 0 && this.#pending.first <= last) if (!(await this.#writeReadings())) return false;
    await this.#slots.tidy(this.#sealed);
    return true;
  }

  async #writeStep({ sequence, upTo, deltaMs, clock }: Step): Promise<boolean> {
    const payload = Buffer.alloc(8);
    payload.writeDoubleLE(deltaMs);
    if (!(await this.#ready(payload.length, this.#options.sources()))) return false;
    await this.#write({ kind: 'step', sequence, first: upTo, count: 0, from: 0, to: 0, clock, payload });
    return true;
  }

  async #writeReadings(): Promise<boolean> {
    const sources = this.#options.sources();
    const { count, bytes } = this.#pending.frame();
    if (!(await this.#ready(bytes, sources))) return false;
    // Some may have been sealed meanwhile, or dated anew; from here to the write nothing comes between.
    const first = this.#pending.first;
    const readings = this.#pending.take(count);
    if (readings.length === 0) return true;
    const payload = encodeColumns(readings, indexOfSource(sources));
    const [from, to] = boundsOf(readings);
    const clock = this.#options.clock.state();
    const last = first + readings.length - 1;
    const sequence = this.#next();
    try {
      await this.#write({ kind: 'readings', sequence, first, count: readings.length, from, to, clock, payload });
    } catch (error) {
      this.#pending.putBack(first, readings, this.#sealed);
      throw error;
    }
    this.#kept = { from: first > this.#kept.to + 1 ? first : this.#kept.from, to: last };
    return true;
  }

  /** Has a file with room for a payload, in which the sources are described. False where the journal is full. */
  async #ready(bytes: number, sources: readonly ProofSource[]): Promise<boolean> {
    const clock = this.#options.clock.state();
    const run = { bootId: clock.bootId, sources };
    const { id, payload } = encodeRun(run);
    if (!this.#slots.hasRoom(bytes + payload.length + FRAME_MARGIN)) {
      this.#isFull = !(await this.#slots.turn(this.#sealed));
      if (this.#isFull) {
        this.onFull();
        return false;
      }
      this.#run = undefined;
    }
    if (this.#run === id) return true;
    this.#runs.set(id, run);
    this.#run = id;
    const first = Math.max(this.#pending.first, this.#sealed + 1);
    await this.#write({ kind: 'run', sequence: this.#next(), first, count: 0, from: 0, to: 0, clock, payload });
    return true;
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  async #write(frame: Omit<Frame, 'run' | 'sealed'>): Promise<void> {
    const whole = { ...frame, run: this.#run ?? 0, sealed: this.#sealed };
    const bytes = encodeFrame(whole, this.#slots.sectorBytes ?? SECTOR);
    await this.#slots.write(bytes, frame.first, frame.first + Math.max(frame.count, 1) - 1);
    this.stats.frames += 1;
    this.stats.bytes += bytes.length;
  }

  #readingsOf(frame: Frame): Reading[] {
    const run = this.#runs.get(frame.run);
    if (run === undefined) return [];
    const readings = decodeColumns(frame.payload, run.sources, frame.count);
    for (const step of this.#steps) {
      if (step.sequence < frame.sequence) continue;
      for (const [i, reading] of readings.entries()) {
        if (frame.first + i <= step.upTo) Object.assign(reading, { t: reading.t + step.deltaMs });
      }
    }
    return readings;
  }

  /** @throws what is no system error: that is a bug */
  async #fail(cause: unknown): Promise<void> {
    this.#trouble.note(cause);
    this.#run = undefined;
    // It may not even let go of the file.
    await this.#slots.spoil().catch(() => {});
  }
}

function boundsOf(readings: readonly Reading[]): [from: number, to: number] {
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const { t } of readings) {
    from = Math.min(from, t);
    to = Math.max(to, t);
  }
  return [from, to];
}
