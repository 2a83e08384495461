import type { Position } from './geodesy.ts';
import { LocalPlane } from './geodesy.ts';
import { Random } from './random.ts';

const DEG = Math.PI / 180;
const FEET = 3.280_839_895;
const KNOTS = 3_600 / 1_852;
/** ICAO Annex 10, volume IV, 3.1.2.3.3: the generator of the 24 parity bits, its leading one left out. */
const PARITY = 0xff_f409;
/** Numbers of latitude zones in an airborne encoding (ICAO Doc 9871, C.2.6). */
const ZONES = 15;
const CALLSIGN_CHARACTERS = '#ABCDEFGHIJKLMNOPQRSTUVWXYZ##### ###############0123456789######';

export interface AircraftState extends Position {
  /** Feet. */
  readonly altitude: number;
  /** Knots, east and north. */
  readonly east: number;
  readonly north: number;
  /** Feet a minute. */
  readonly climb: number;
}

/** An aircraft that flies past a station, and what its transponder says (ICAO Doc 9871, appendix C). */
export class Aircraft {
  readonly address: number;
  readonly callsign: string;
  readonly #plane: LocalPlane;
  readonly #speed: number;
  readonly #heading: number;
  readonly #offset: number;
  readonly #altitude: number;
  /** Metres from one end of its way to the other; then it comes again. */
  readonly #way: number;

  constructor(seed: number, station: Position) {
    const random = new Random(seed);
    this.address = 0x3c_0000 + random.below(0xffff);
    this.callsign = `SIM${String(100 + random.below(900))}  `.slice(0, 8).padEnd(8);
    this.#plane = new LocalPlane(station);
    this.#speed = 120 + random.next() * 130;
    this.#heading = random.next() * 360;
    this.#offset = (random.next() - 0.5) * 80_000;
    this.#altitude = Math.round(((3_000 + random.next() * 9_000) * FEET) / 25) * 25;
    this.#way = 200_000;
  }

  at(ms: number): AircraftState {
    const along = (((this.#speed * ms) / 1_000 + this.#way / 2 + this.#offset) % this.#way) - this.#way / 2;
    const [sin, cos] = [Math.sin(this.#heading * DEG), Math.cos(this.#heading * DEG)];
    const position = this.#plane.toPosition(along * sin + this.#offset * cos, along * cos - this.#offset * sin);
    const speed = this.#speed * KNOTS;
    return { ...position, altitude: this.#altitude, east: speed * sin, north: speed * cos, climb: 0 };
  }

  /** DF17 with an airborne position, type code 11, barometric altitude in steps of 25 ft. */
  position(ms: number, isOdd: boolean): Uint8Array {
    const { lat, lon, altitude } = this.at(ms);
    const steps = Math.round((altitude + 1_000) / 25);
    const coded = ((steps & 0x7f0) << 1) | 0x10 | (steps & 0xf);
    const [yz, xz] = compact(lat, lon, isOdd);
    const bits = new BitWriter()
      .put(11, 5)
      .put(0, 3)
      .put(coded, 12)
      .put(0, 1)
      .put(isOdd ? 1 : 0, 1);
    return this.#extended(bits.put(yz, 17).put(xz, 17));
  }

  /** DF17 with type code 19, subtype 1: velocity over ground. */
  velocity(ms: number): Uint8Array {
    const { east, north, climb } = this.at(ms);
    const bits = new BitWriter().put(19, 5).put(1, 3).put(0, 5);
    for (const knots of [east, north])
      bits.put(knots < 0 ? 1 : 0, 1).put(Math.min(1_023, Math.round(Math.abs(knots)) + 1), 10);
    bits
      .put(1, 1)
      .put(climb < 0 ? 1 : 0, 1)
      .put(Math.round(Math.abs(climb) / 64) + 1, 9);
    return this.#extended(bits.put(0, 10));
  }

  /** DF17 with type code 4: identification, category A3. */
  identification(): Uint8Array {
    const bits = new BitWriter().put(4, 5).put(3, 3);
    for (const character of this.callsign) bits.put(CALLSIGN_CHARACTERS.indexOf(character), 6);
    return this.#extended(bits);
  }

  /** DF11, an all-call reply of nobody in particular: seven bytes. */
  acquisition(): Uint8Array {
    return withParity(new BitWriter().put(11, 5).put(5, 3).put(this.address, 24).bytes);
  }

  #extended(message: BitWriter): Uint8Array {
    const head = new BitWriter().put(17, 5).put(5, 3).put(this.address, 24);
    return withParity(Buffer.concat([head.bytes, message.bytes]));
  }
}

/** Compact position reporting, airborne, 17 bits (ICAO Doc 9871, C.2.6). */
function compact(lat: number, lon: number, isOdd: boolean): [number, number] {
  const scale = 2 ** 17;
  const latZone = 360 / (4 * ZONES - (isOdd ? 1 : 0));
  const yz = Math.floor(scale * (modulo(lat, latZone) / latZone) + 0.5);
  const seen = latZone * (yz / scale + Math.floor(lat / latZone));
  const lonZone = 360 / Math.max(1, zonesAt(seen) - (isOdd ? 1 : 0));
  const xz = Math.floor(scale * (modulo(lon, lonZone) / lonZone) + 0.5);
  return [yz % scale, xz % scale];
}

/** How many longitude zones there are at a latitude. */
function zonesAt(lat: number): number {
  if (Math.abs(lat) >= 87) return Math.abs(lat) === 87 ? 2 : 1;
  const part = (1 - Math.cos(Math.PI / (2 * ZONES))) / Math.cos(lat * DEG) ** 2;
  return Math.floor((2 * Math.PI) / Math.acos(1 - part));
}

const modulo = (value: number, by: number): number => value - by * Math.floor(value / by);

function withParity(message: Uint8Array): Uint8Array {
  let remainder = 0;
  for (const byte of message) {
    remainder ^= byte << 16;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 0x80_0000 ? ((remainder << 1) ^ PARITY) & 0xff_ffff : (remainder << 1) & 0xff_ffff;
    }
  }
  return Uint8Array.of(...message, remainder >> 16, (remainder >> 8) & 0xff, remainder & 0xff);
}

/** Bits from the most significant on. */
class BitWriter {
  readonly #bits: number[] = [];

  put(value: number, width: number): this {
    for (let bit = width - 1; bit >= 0; bit--) this.#bits.push(Math.floor(value / 2 ** bit) & 1);
    return this;
  }

  get bytes(): Uint8Array {
    return Uint8Array.from({ length: this.#bits.length / 8 }, (_, index) =>
      this.#bits.slice(index * 8, index * 8 + 8).reduce((byte, bit) => byte * 2 + bit, 0),
    );
  }
}
