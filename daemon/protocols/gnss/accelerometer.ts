import { type Fields, KINDS } from '../../readings/index.ts';
import type { MessageCounter } from '../counter.ts';
import type { ProtocolSettings, SettingSpec } from '../protocol.ts';
import type { Epoch } from './epoch.ts';
import { GsensorLine } from './gsensor.ts';

type ImuFields = { -readonly [N in keyof Fields<'imu.sample'>]: Fields<'imu.sample'>[N] };

const SPEC = KINDS['imu.sample'].fields;

/** 1e-6 m/s2 in one g: standard gravity (ISO 80000-3). */
const GRAVITY = 9_806_650;

/** Ten bits in two's complement that were printed as if they had no sign: from 512 on they are negative. */
const WRAP = 1024;

const DEFAULT_SCALE = 256;
const AXES = ['accX', 'accY', 'accZ'] as const;

/**
 * What a profile may say of the lines of a dashcam's accelerometer. None of it is specified anywhere. Firmware of
 * MiVue cameras and its kin writes g, with a point. Cameras that write whole numbers write counts of the sensor: a
 * ten-bit sensor of ±2 g counts 256 in a g, while one camera (Vicovation) rests at 1024 with its signs written out,
 * and others write negative counts as 1024 less.
 */
export const GSENSOR_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  gsensorScale: {
    type: 'number',
    default: DEFAULT_SCALE,
    about: 'Counts in one g, of $GSENSOR lines of whole numbers',
  },
  gsensorOffset: { type: 'number', default: 0, about: 'What such a line counts at 0 g' },
  gsensorWrap: {
    type: 'choice',
    values: ['auto', 'always', 'never'],
    default: 'auto',
    about: 'Whether counts of 512 to 1023 are negative; auto: as long as no minus sign and no offset has been seen',
  },
};

/** Makes imu.sample of the lines of a dashcam's accelerometer. Its axes are the camera's, gravity as the camera left it. */
export class Accelerometer {
  readonly #line = new GsensorLine();
  readonly #scale: number;
  readonly #offset: number;
  readonly #wrap: 'auto' | 'always' | 'never';
  #signed = false;

  constructor(settings: ProtocolSettings = {}) {
    const { gsensorScale: scale, gsensorOffset: offset, gsensorWrap: wrap } = settings;
    this.#scale = typeof scale === 'number' && scale > 0 ? scale : DEFAULT_SCALE;
    this.#offset = typeof offset === 'number' ? offset : 0;
    this.#wrap = wrap === 'always' || wrap === 'never' ? wrap : 'auto';
  }

  /** Takes the line at [start, end), without its CR LF. One beyond the bounds of imu.sample is counted by that name. */
  decode(buffer: Uint8Array, start: number, end: number, epoch: Epoch, messages: MessageCounter): void {
    const line = this.#line;
    if (!line.read(buffer, start, end)) return;
    if (line.negative && !line.decimal) this.#signed = true;
    const fields: ImuFields = {};
    for (let axis = 0; axis < AXES.length; axis++) {
      const name = AXES[axis] ?? 'accX';
      const acceleration = Math.round(this.#inGravity((line.values[axis] ?? 0) / 1e6) * GRAVITY) + 0;
      if (acceleration < SPEC[name].min || acceleration > SPEC[name].max) {
        messages.countText('GSENSOR-out-of-range');
        return;
      }
      fields[name] = acceleration;
    }
    messages.countText('GSENSOR');
    epoch.emit({ kind: 'imu.sample', t: epoch.now, fields });
  }

  #inGravity(value: number): number {
    if (this.#line.decimal) return value;
    const wraps = this.#wrap === 'always' || (this.#wrap === 'auto' && !this.#signed && this.#offset === 0);
    const count = wraps && value >= WRAP / 2 && value < WRAP ? value - WRAP : value;
    return (count - this.#offset) / this.#scale;
  }
}
