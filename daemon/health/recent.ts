import type { Receipt } from '../proof/index.ts';
import { type Fields, KINDS, type Reading } from '../readings/index.ts';
import { Rate } from './rate.ts';
import { skyView } from './sky-view.ts';
import type { FixStatus, ReceiptStatus, RecentStatus } from './status.ts';
import { Trail } from './trail.ts';

const RECEIPTS = 20;
const RATE_STEP_MS = 5_000;
const RATE_STEPS = 120;
/** A view of the sky that is older than this is no view any more. */
const SKY_MS = 5 * 60_000;

/** What is remembered of one source. */
interface SourceMemory {
  readonly rate: Rate;
  fix: Extract<Reading, { kind: 'gnss.fix' }> | undefined;
  sky: Extract<Reading, { kind: 'gnss.sky' }> | undefined;
  hdop: number | undefined;
  trail: Trail | undefined;
}

/** The time of the timeline, and of a clock that is never set. */
export interface RecentClock {
  now(): number;
  monotonicNow(): number;
}

/**
 * Remembers for the status page what the gateway did of late: the last view and fix of each source, where it has been, how many
 * readings come, the last receipts. It is fed after the privacy zones, so what they withhold is not known here either. What it
 * keeps is bounded: about 13 kB for each source that moves.
 */
export class Recent {
  readonly #clock: RecentClock;
  readonly #all: Rate;
  readonly #sources = new Map<string, SourceMemory>();
  readonly #receipts: ReceiptStatus[] = [];
  readonly #reasons: Record<string, number> = {};
  #host: Fields<'host.health'> | undefined;

  constructor(clock: RecentClock) {
    this.#clock = clock;
    this.#all = new Rate(RATE_STEP_MS, RATE_STEPS, clock.monotonicNow());
  }

  /** A reading goes to the sealer. */
  take(reading: Reading): void {
    const now = this.#clock.monotonicNow();
    const memory = this.#memoryOf(reading.source, now);
    this.#all.count(now);
    memory.rate.count(now);
    if (reading.kind === 'gnss.fix') {
      memory.fix = reading;
      const { mode, lat, lon } = reading.fields;
      if (mode < 2 || lat === undefined || lon === undefined) return;
      memory.trail ??= new Trail();
      memory.trail.add(reading.t, lat, lon);
    } else if (reading.kind === 'gnss.sky') {
      // Some epochs tell of the dilution alone.
      if (reading.fields.satellites !== undefined) memory.sky = reading;
      memory.hdop = reading.fields.hdop ?? memory.hdop;
    } else if (reading.kind === 'host.health') this.#host = reading.fields;
  }

  /** A receipt that counts has come. */
  receipt({ epoch, seq, verdict, reasons }: Receipt): void {
    this.#receipts.unshift({
      received: this.#clock.now(),
      epoch: Buffer.from(epoch).toString('hex'),
      seq,
      verdict,
      reasons,
    });
    if (this.#receipts.length > RECEIPTS) this.#receipts.pop();
    for (const reason of reasons) this.#reasons[reason] = (this.#reasons[reason] ?? 0) + 1;
  }

  /** The clock turned out to be wrong by so much: what was remembered by it is dated anew. */
  dateBack(deltaMs: number): void {
    for (const memory of this.#sources.values()) {
      if (memory.fix !== undefined) memory.fix = { ...memory.fix, t: memory.fix.t + deltaMs };
      if (memory.sky !== undefined) memory.sky = { ...memory.sky, t: memory.sky.t + deltaMs };
      memory.trail?.shift(deltaMs);
    }
  }

  status(): RecentStatus {
    const now = this.#clock.now();
    const monotonic = this.#clock.monotonicNow();
    const sources = [...this.#sources].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      sky: sources.flatMap(([source, { sky, hdop }]) =>
        sky === undefined || now - sky.t > SKY_MS
          ? []
          : [skyView(source, sky.t, { ...sky.fields, ...(hdop === undefined ? {} : { hdop }) })],
      ),
      fixes: sources.flatMap(([source, { fix }]) => (fix === undefined ? [] : [fixStatus(source, fix.t, fix.fields)])),
      track: sources.flatMap(([source, { trail }]) =>
        trail === undefined ? [] : [{ source, points: trail.points(now) }],
      ),
      rate: {
        stepMs: RATE_STEP_MS,
        history: this.#all.history(monotonic),
        bySource: Object.fromEntries(
          sources.flatMap(([source, { rate }]) => {
            const last = rate.history(monotonic).at(-1);
            return last === undefined ? [] : [[source, last]];
          }),
        ),
      },
      receipts: this.#receipts,
      receiptReasons: this.#reasons,
      host: this.#host,
    };
  }

  #memoryOf(source: string, now: number): SourceMemory {
    const known = this.#sources.get(source);
    if (known !== undefined) return known;
    const memory = {
      rate: new Rate(RATE_STEP_MS, 1, now),
      fix: undefined,
      sky: undefined,
      hdop: undefined,
      trail: undefined,
    };
    this.#sources.set(source, memory);
    return memory;
  }
}

const MODES = KINDS['gnss.fix'].fields.mode.names;

function fixStatus(source: string, t: number, fields: Fields<'gnss.fix'>): FixStatus {
  const { mode, uSat, lat, lon, altMSL, eph, speed } = fields;
  const scaled = (value: number | undefined, digits: number) =>
    value === undefined ? undefined : value / 10 ** digits;
  return {
    source,
    t,
    mode: MODES?.[mode] ?? 'unknown',
    used: uSat,
    lat: scaled(lat, 7),
    lon: scaled(lon, 7),
    altMSL: scaled(altMSL, 3),
    eph: scaled(eph, 3),
    speed: scaled(speed, 3),
  };
}
