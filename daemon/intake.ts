import { CameraFolder, type FrameReading, Underway } from './camera/index.ts';
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
  /** By source: what is on its way outlives the camera that has read it. */
  readonly #underway = new Map<string, Underway>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** Why the privacy zones' diary is not on the disk; undefined while it is. */
  get trouble(): string | undefined {
    return this.#guard?.trouble;
  }

  /**
   * Holds back what lies within these zones from now on; before the first reading. What the guard before knew is known to it, or
   * else what the last run has left in the file.
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
      uptime: () => this.#parts.clock.state(),
      onLoss: this.#parts.onLoss,
      log: this.#parts.log.child({ room: 'privacy' }),
    });
    try {
      await next.open(before);
      this.#guard = next;
    } finally {
      const guard = this.#guard ?? before;
      if (guard !== undefined) this.#guarding = this.#guards.start((stop) => guard.run(stop));
    }
  }

  /** Adds a camera, which replaces another of the same source. Whoever asks for it runs it. */
  addCamera(camera: CameraConfig, stateFile: string, onWatched: () => void): CameraFolder {
    const hooks = {
      onReading: (reading: Reading) => this.take(reading),
      onLoss: this.#parts.onLoss,
      hides: (from: number, to: number) => this.#guard?.hides(from, to) ?? 'not-known-yet',
      onWithheld: (t: number) => this.#guard?.withhold(t),
      onWatched,
      clock: this.#parts.clock,
      log: this.#parts.log.child({ room: 'camera', source: camera.source }),
    };
    const folder = new CameraFolder(camera, stateFile, hooks, this.#underwayOf(camera.source));
    this.#cameras.set(camera.source, folder);
    return folder;
  }

  /** The last run has left a reading that is yet to be sealed; before the cameras and the sealer run. */
  recover(reading: Reading): void {
    if (isFrame(reading)) this.#underwayOf(reading.source).recover(reading);
  }

  /** The clock was set: what zones and cameras know of times gets the same step. */
  dateBack({ deltaMs, since, t }: ClockStep): void {
    this.#guard?.dateBack(deltaMs, since - deltaMs, t - deltaMs);
    for (const camera of this.#cameras.values()) camera.dateBack(deltaMs);
  }

  /** Keeps the privacy zones' books until the signal. */
  run(signal: AbortSignal): Promise<void> {
    return this.#guards.run(signal);
  }

  take(reading: Reading): void {
    if (this.#guard?.admits(reading) !== true) return;
    if (reading.kind === 'gnss.fix') for (const camera of this.#cameras.values()) camera.observeFix(reading);
    this.#parts.onReading(reading);
  }

  /** Readings are in a proof on the disk. */
  async stored(readings: readonly Reading[]): Promise<void> {
    const frames = readings.filter(isFrame);
    for (const [source, camera] of this.#cameras) {
      const own = frames.filter((frame) => frame.source === source);
      if (own.length > 0) await camera.stored(own);
    }
  }

  /** Nothing more is sealed. */
  async settle(): Promise<void> {
    for (const camera of this.#cameras.values()) await camera.settle();
  }

  #underwayOf(source: string): Underway {
    const underway = this.#underway.get(source) ?? new Underway();
    this.#underway.set(source, underway);
    return underway;
  }
}

const isFrame = (reading: Reading): reading is FrameReading => reading.kind === 'camera.frame';

/** How a camera is doing, as a source. */
export const cameraStatus = ({ source, stats, trouble }: CameraFolder): SourceStatus => ({
  source,
  state: stats.state,
  bytes: stats.bytes,
  frames: stats.sealed,
  noise: {},
  readings: { 'camera.frame': Object.values(stats.sealed).reduce((sum, count) => sum + count, 0) },
  reopens: 0,
  overflowBytes: 0,
  trouble,
});
