import { CameraFolder } from './camera/index.ts';
import type { Clock, ClockStep } from './clock/index.ts';
import type { CameraConfig } from './config/index.ts';
import { Crew, type Member } from './crew.ts';
import type { SourceStatus } from './health/index.ts';
import type { Log } from './log.ts';
import { PrivacyGuard, type PrivacyZones } from './privacy/index.ts';
import type { Loss } from './proof/index.ts';
import type { Reading } from './readings/index.ts';

export interface IntakeParts {
  /** Takes what may be recorded. */
  readonly onReading: (reading: Reading) => void;
  readonly onLoss: (loss: Loss) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What lies between the sources and the sealer: readings within a privacy zone go no further, and the cameras, themselves sources,
 * get the fixes that may be recorded. Zones and cameras may change while it runs.
 */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #guards = new Crew();
  #guard: PrivacyGuard | undefined;
  #guarding: Member | undefined;
  /** By source. One that was given up stays until its source is another's: its last frames are still on their way. */
  readonly #cameras = new Map<string, CameraFolder>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Holds back what lies within these zones from now on; before the first reading. What the last run, or the guard before, knew of
   * them is read from the file.
   *
   * @throws FieldsealError FILE_NOT_READABLE; the guard before stays then
   */
  async guard(zones: PrivacyZones, stateFile: string): Promise<void> {
    const before = this.#guard;
    // It writes down what it knows.
    await this.#guarding?.stop();
    const next = new PrivacyGuard({
      zones,
      stateFile,
      now: this.#parts.clock.now,
      onLoss: this.#parts.onLoss,
      log: this.#parts.log.child({ room: 'privacy' }),
    });
    try {
      await next.open();
      this.#guard = next;
    } finally {
      const guard = this.#guard ?? before;
      if (guard !== undefined) this.#guarding = this.#guards.start((stop) => guard.run(stop));
    }
  }

  /** Adds a camera, which replaces another of the same source. Whoever asks for it runs it. */
  addCamera(camera: CameraConfig, stateFile: string, onWatched: () => void): CameraFolder {
    const folder = new CameraFolder(camera, stateFile, {
      onReading: (reading) => this.take(reading),
      onLoss: this.#parts.onLoss,
      hides: (from, to) => this.#guard?.hides(from, to) ?? 'not-known-yet',
      onWithheld: (t) => this.#guard?.withhold(t),
      onWatched,
      clock: this.#parts.clock,
      log: this.#parts.log.child({ room: 'camera', source: camera.source }),
    });
    this.#cameras.set(camera.source, folder);
    return folder;
  }

  /** The clock was set: what zones and cameras know of times gets the same step. */
  dateBack({ deltaMs, since, t }: ClockStep): void {
    this.#guard?.dateBack(deltaMs, since - deltaMs, t - deltaMs);
    for (const camera of this.#cameras.values()) camera.dateBack(deltaMs);
  }

  /** Keeps the privacy zones' books until the signal. @throws FieldsealError FILE_NOT_WRITABLE */
  run(signal: AbortSignal): Promise<void> {
    return this.#guards.run(signal);
  }

  take(reading: Reading): void {
    if (this.#guard?.admits(reading) !== true) return;
    if (reading.kind === 'gnss.fix') for (const camera of this.#cameras.values()) camera.observeFix(reading);
    this.#parts.onReading(reading);
  }

  /** Readings are in a stored proof. @throws FieldsealError FILE_NOT_WRITABLE */
  async stored(readings: readonly Reading[]): Promise<void> {
    for (const camera of this.#cameras.values()) await camera.stored(readings);
  }
}

/** How a camera is doing, as a source. */
export const cameraStatus = ({ source, stats }: CameraFolder): SourceStatus => ({
  source,
  state: stats.state,
  bytes: stats.bytes,
  frames: stats.sealed,
  noise: {},
  readings: { 'camera.frame': Object.values(stats.sealed).reduce((sum, count) => sum + count, 0) },
  reopens: 0,
  overflowBytes: 0,
});
