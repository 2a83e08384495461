import { Random, Wander } from './random.ts';

export type Constellation = 'gps' | 'galileo' | 'beidou' | 'glonass';

export interface Satellite {
  readonly constellation: Constellation;
  /** Number within the constellation, from 1. */
  readonly number: number;
  /** Degrees. */
  readonly elevation: number;
  readonly azimuth: number;
  /** Carrier to noise density, dBHz; 0 where it isn't received. */
  readonly cno: number;
  readonly used: boolean;
}

export interface Dilution {
  readonly gdop: number;
  readonly pdop: number;
  readonly hdop: number;
  readonly vdop: number;
  readonly tdop: number;
  readonly ndop: number;
  readonly edop: number;
}

const IN_VIEW: Readonly<Record<Constellation, { count: number; numbers: number }>> = {
  gps: { count: 9, numbers: 32 },
  galileo: { count: 7, numbers: 36 },
  beidou: { count: 6, numbers: 46 },
  glonass: { count: 6, numbers: 24 },
};

const MASK_DEG = 10;
const MIN_CNO = 22;
const MINUTE = 60_000;

interface Orbit {
  readonly constellation: Constellation;
  readonly number: number;
  readonly elevation: number;
  readonly azimuth: number;
  readonly fading: Wander;
}

/** The satellites above a receiver: they drift slowly and fade now and then. A pure function of the instant and the seed. */
export class Sky {
  readonly #orbits: readonly Orbit[];
  readonly #dilution: Wander;

  constructor(seed: number, constellations: readonly Constellation[]) {
    const random = new Random(seed);
    this.#orbits = constellations.flatMap((constellation) => orbitsOf(constellation, random, seed));
    this.#dilution = new Wander(seed + 77, 2 * MINUTE);
  }

  /** @param ms since the start of the drive */
  at(ms: number): Satellite[] {
    return this.#orbits.map(({ constellation, number, elevation, azimuth, fading }, index) => {
      const minutes = ms / MINUTE;
      const risen = elevation + 4 * Math.sin((minutes + index * 7) / 11);
      const cno = Math.round(27 + (risen / 90) * 20 + fading.at(ms) * 5);
      return {
        constellation,
        number,
        elevation: Math.round(Math.max(1, Math.min(89, risen))),
        azimuth: Math.floor((((azimuth + minutes * 0.4) % 360) + 360) % 360),
        cno: cno < MIN_CNO ? 0 : cno,
        used: cno > 29 && risen > MASK_DEG,
      };
    });
  }

  dilutionAt(ms: number): Dilution {
    const swing = 1 + 0.2 * this.#dilution.at(ms);
    const [ndop, edop, vdop, tdop] = [0.52 * swing, 0.44 * swing, 1.04 * swing, 0.7 * swing];
    const hdop = Math.hypot(ndop, edop);
    const pdop = Math.hypot(hdop, vdop);
    return { ndop, edop, hdop, vdop, tdop, pdop, gdop: Math.hypot(pdop, tdop) };
  }
}

function orbitsOf(constellation: Constellation, random: Random, seed: number): Orbit[] {
  const { count, numbers } = IN_VIEW[constellation];
  const first = random.below(numbers);
  return Array.from({ length: count }, (_, index) => ({
    constellation,
    // Steps that never meet within one round of the numbers.
    number: 1 + ((first + index * Math.floor(numbers / count)) % numbers),
    elevation: 12 + random.below(70),
    azimuth: random.below(360),
    fading: new Wander(seed * 131 + random.below(1 << 30), 20_000),
  }));
}
