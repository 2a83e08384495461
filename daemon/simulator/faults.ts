import { Random } from './random.ts';

/** Something that happens every so many epochs, and for how many it lasts. */
export interface Spell {
  readonly every: number;
  readonly epochs: number;
}

/** What goes wrong on a line. The same options make the same faults in every run. */
export interface FaultOptions {
  readonly seed: number;
  /** Probability that a byte has one of its bits flipped. */
  readonly flip?: number;
  /** Probability that a byte is lost. */
  readonly drop?: number;
  /** Probability that an epoch is followed by a burst of random bytes, up to `garbageBytes` (64) of them. */
  readonly garbage?: number;
  readonly garbageBytes?: number;
  /** Probability that an epoch breaks off in its middle, with silence for the next `halfSilence` (3) epochs. */
  readonly half?: number;
  readonly halfSilence?: number;
  /** Silence. */
  readonly stall?: Spell;
  /** The device is unplugged, then plugged in again. */
  readonly unplug?: Spell;
  /** Each epoch is sent `copies` times. */
  readonly storm?: Spell & { readonly copies: number };
  /** It is plugged in again under another number, as when a kernel still holds the old one. */
  readonly renumber?: boolean;
  /** It never answers, nor acknowledges. */
  readonly deaf?: boolean;
  /** What it says is garbled, unless its port is set to this speed, baud. */
  readonly wrongBaud?: number;
}

/** What a device does in an epoch. */
export interface FaultyEpoch {
  readonly bytes: Uint8Array;
  readonly plugged: boolean;
}

const GARBAGE_BYTES = 64;
const HALF_SILENCE = 3;

/** Spoils a device's epochs, one after the other. */
export class FaultInjector {
  readonly #options: FaultOptions;
  readonly #random: Random;
  #silentUntil = 0;

  constructor(options: FaultOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  /** @param index of the epoch, from 0 */
  apply(clean: Uint8Array, index: number): FaultyEpoch {
    const { stall, unplug, storm, garbage = 0, half = 0 } = this.#options;
    if (isWithin(unplug, index)) return { bytes: new Uint8Array(0), plugged: false };
    if (isWithin(stall, index) || index < this.#silentUntil) return { bytes: new Uint8Array(0), plugged: true };
    const copies = storm !== undefined && isWithin(storm, index) ? storm.copies : 1;
    const parts = Array.from({ length: copies }, () => this.#spoil(clean));
    if (this.#random.chance(half)) {
      this.#silentUntil = index + 1 + (this.#options.halfSilence ?? HALF_SILENCE);
      const whole = parts[0] ?? clean;
      return { bytes: whole.subarray(0, this.#random.below(whole.length)), plugged: true };
    }
    if (this.#random.chance(garbage)) parts.push(this.#noise());
    return { bytes: Buffer.concat(parts), plugged: true };
  }

  /** What is left of an answer that the device gives in an epoch. */
  answer(clean: Uint8Array, index: number): Uint8Array {
    const { deaf = false, stall, unplug } = this.#options;
    const silent = deaf || isWithin(stall, index) || isWithin(unplug, index) || index < this.#silentUntil;
    return silent ? new Uint8Array(0) : this.#spoil(clean);
  }

  /** What a receiver at another speed makes of the bytes: about as many, none of them right. */
  garble(bytes: Uint8Array): Uint8Array {
    return bytes.map((byte) => byte ^ (0x80 | this.#random.below(128)));
  }

  #spoil(clean: Uint8Array): Uint8Array {
    const { flip = 0, drop = 0 } = this.#options;
    if (flip === 0 && drop === 0) return clean;
    const spoilt = new Uint8Array(clean.length);
    let length = 0;
    for (const byte of clean) {
      if (this.#random.chance(drop)) continue;
      spoilt[length++] = this.#random.chance(flip) ? byte ^ (1 << this.#random.below(8)) : byte;
    }
    return spoilt.subarray(0, length);
  }

  #noise(): Uint8Array {
    const length = 1 + this.#random.below(this.#options.garbageBytes ?? GARBAGE_BYTES);
    return Uint8Array.from({ length }, () => this.#random.below(256));
  }
}

/** Whether an epoch lies in a spell. The first one begins after `every` good epochs. */
function isWithin(spell: Spell | undefined, index: number): boolean {
  return spell !== undefined && index % (spell.every + spell.epochs) >= spell.every;
}
