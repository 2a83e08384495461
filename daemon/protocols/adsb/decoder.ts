import type { Fields, Observation } from '../../readings/index.ts';
import { MessageCounter } from '../counter.ts';
import type { Decoder, DecoderOptions, DecoderStats, Frame, NoiseReason } from '../protocol.ts';
import { AircraftTable, DEFAULT_RANGE, type Receiver } from './aircraft.ts';
import { downlinkFormat, downlinkName, INTERROGATOR_BITS } from './downlink.ts';
import { type ReceiverFrame, ReceiverFramer } from './framer.ts';
import { parityRemainder } from './parity.ts';
import { ANONYMOUS, address, decodeSquitter, messageBits, type SquitterFields, typeName } from './squitter.ts';

/** Codes of the message counter above the downlink formats: an extended squitter's format times 32, and its type code. */
const SQUITTER_CODE = 64;
const MODE_AC = 32;
const STATUS = 33;

/** Set in the table's key for addresses that are none of ICAO's. */
const ANONYMOUS_BIT = 1 << 24;

/** Tenths of dBFS of an amplitude of 255 at most. */
const LEVELS = Float64Array.from({ length: 256 }, (_, amplitude) => Math.round(200 * Math.log10(amplitude / 255)));

const METHODS = { global: 0, local: 1 } as const;

/** Decodes a Mode S receiver's port: Beast binary or AVR text, whichever comes. */
export class AdsbDecoder implements Decoder {
  readonly #framer = new ReceiverFramer();
  readonly #aircraft: AircraftTable;
  readonly #messages = new MessageCounter();
  readonly #noise: Partial<Record<NoiseReason, number>> = {};
  #bytes = 0;
  #beast = 0;
  #avr = 0;
  #observations: Observation[] = [];

  constructor(options: DecoderOptions) {
    this.#aircraft = new AircraftTable(receiverOf(options));
  }

  get stats(): DecoderStats {
    return {
      bytes: this.#bytes,
      frames: { beast: this.#beast, avr: this.#avr },
      messages: this.#messages.totals(),
      noise: { ...this.#noise },
      frameBytes: this.#framer.frameBytes,
    };
  }

  get frameCount(): number {
    return this.#beast + this.#avr;
  }

  push(chunk: Uint8Array, t: number): Observation[] {
    this.#bytes += chunk.length;
    return this.#decode(this.#framer.push(chunk), t);
  }

  quiet(): Observation[] {
    return [];
  }

  end(t: number): Observation[] {
    return this.#decode(this.#framer.end(), t);
  }

  #decode(frames: Iterable<Frame<ReceiverFrame>>, t: number): Observation[] {
    for (const frame of frames) {
      if (frame.type === 'noise') {
        this.#noise[frame.reason] = (this.#noise[frame.reason] ?? 0) + frame.bytes;
        continue;
      }
      if (frame.type === 'beast') this.#beast++;
      else this.#avr++;
      if (frame.length < 7) this.#messages.count(frame.length === 0 ? STATUS : MODE_AC, nameOf);
      else this.#hear(frame, t);
    }
    const observations = this.#observations;
    this.#observations = [];
    return observations;
  }

  #hear(frame: ReceiverFrame, t: number): void {
    const { message, length } = frame;
    const format = downlinkFormat(message);
    if (format !== 11 && format !== 17 && format !== 18) {
      this.#messages.count(format, nameOf);
      return;
    }
    const capability = (message[0] ?? 0) & 7;
    const key = address(message) | (format === 18 && ANONYMOUS.has(capability) ? ANONYMOUS_BIT : 0);
    if (format === 11) {
      this.#messages.count(format, nameOf);
      // A reply to an interrogator leaves its code in the parity: only a known address shows that the rest is sound.
      const interrogator = parityRemainder(message, length) & INTERROGATOR_BITS;
      if (interrogator !== 0 && !this.#aircraft.knows(key, t)) return;
    }
    const fields = decodeSquitter(message, length);
    if (format !== 11)
      this.#messages.count(SQUITTER_CODE + format * 32 + (fields.typeCode ?? messageBits(message, 0, 5)), nameOf);
    if (!Number.isNaN(frame.counter)) fields.timestamp = frame.counter;
    if (frame.signal > 0) fields.signal = LEVELS[frame.signal] ?? 0;
    this.#observations.push({ kind: 'adsb.squitter', t, fields });
    if (fields.cprFormat === undefined) this.#aircraft.hear(key, t);
    else this.#locate(key, fields, frame.counter, t);
  }

  #locate(key: number, squitter: SquitterFields, counter: number, t: number): void {
    const { cprFormat, cprLat = 0, cprLon = 0, onGround, groundSpeed, track, altitude, altitudeGNSS } = squitter;
    const surface = onGround === 1;
    const fix = this.#aircraft.locate(key, {
      odd: cprFormat === 1,
      lat: cprLat,
      lon: cprLon,
      surface,
      groundSpeed: surface ? groundSpeed : undefined,
      t,
      counter,
    });
    if (fix === undefined) return;
    const fields: Fields<'adsb.position'> = {
      icao: squitter.icao,
      lat: Math.round(fix.lat * 1e7),
      lon: Math.round(fix.lon * 1e7),
      method: METHODS[fix.method],
      onGround: surface ? 1 : 0,
      ...(altitude !== undefined && { altitude }),
      ...(altitudeGNSS !== undefined && { altitudeGNSS }),
      ...(groundSpeed !== undefined && { groundSpeed }),
      ...(track !== undefined && { track }),
    };
    this.#observations.push({ kind: 'adsb.position', t, fields });
  }
}

function nameOf(code: number): string {
  if (code === MODE_AC) return 'Mode-AC';
  if (code === STATUS) return 'receiver-status';
  if (code < SQUITTER_CODE) return downlinkName(code) ?? 'other';
  const format = (code - SQUITTER_CODE) >> 5;
  return `${downlinkName(format) ?? 'other'}-${typeName(code & 31)}`;
}

function receiverOf({ settings }: DecoderOptions): Receiver | undefined {
  const lat = settings?.['lat'];
  const lon = settings?.['lon'];
  const range = settings?.['range'];
  if (typeof lat !== 'number' || typeof lon !== 'number') return undefined;
  return { lat, lon, range: typeof range === 'number' ? range * 1000 : DEFAULT_RANGE };
}
