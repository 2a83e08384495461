import { dirname, join } from 'node:path';
import { CameraFolder } from './camera/index.ts';
import type { Clock } from './clock/index.ts';
import type { CameraConfig, OutboxConfig, PrivacyConfig } from './config/index.ts';
import type { SourceStatus } from './health/index.ts';
import type { Log } from './log.ts';
import { PrivacyGuard, type PrivacyZones } from './privacy/index.ts';
import type { Loss } from './proof/index.ts';
import type { Reading } from './readings/index.ts';

export interface IntakeConfig {
  readonly cameras: readonly CameraConfig[];
  readonly privacy: PrivacyConfig;
  readonly outbox: OutboxConfig;
}

export interface IntakeParts {
  readonly zones: PrivacyZones;
  /** Takes what may be recorded. */
  readonly onReading: (reading: Reading) => void;
  readonly onLoss: (loss: Loss) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What lies between the sources and the sealer: readings within a privacy zone go no further, and the cameras, themselves sources,
 * get the fixes that may be recorded.
 */
export class Intake {
  readonly #onReading: (reading: Reading) => void;
  readonly #guard: PrivacyGuard;
  readonly cameras: readonly CameraFolder[];

  constructor({ cameras, privacy, outbox }: IntakeConfig, { zones, onReading, onLoss, clock, log }: IntakeParts) {
    const beside = dirname(outbox.directory);
    const guard = new PrivacyGuard({
      zones,
      stateFile: privacy.state ?? join(beside, 'privacy.json'),
      now: clock.now,
      onLoss,
      log: log.child({ room: 'privacy' }),
    });
    this.#guard = guard;
    this.#onReading = onReading;
    this.cameras = cameras.map(
      (camera) =>
        new CameraFolder(camera, camera.state ?? join(beside, `camera-${camera.source}.journal`), {
          onReading: (reading) => this.take(reading),
          onLoss,
          hides: (from, to) => guard.hides(from, to),
          onWithheld: (t) => guard.withhold(t),
          clock,
          log: log.child({ room: 'camera', source: camera.source }),
        }),
    );
  }

  /** Reads what the last run knew of privacy zones; before the first reading. @throws FieldsealError FILE_NOT_READABLE */
  open(): Promise<void> {
    return this.#guard.open();
  }

  /** Keeps the privacy zones' books until the signal. @throws FieldsealError FILE_NOT_WRITABLE */
  run(signal: AbortSignal): Promise<void> {
    return this.#guard.run(signal);
  }

  take(reading: Reading): void {
    if (!this.#guard.admits(reading)) return;
    if (reading.kind === 'gnss.fix') for (const camera of this.cameras) camera.observeFix(reading);
    this.#onReading(reading);
  }

  /** Readings are in a stored proof. @throws FieldsealError FILE_NOT_WRITABLE */
  async stored(readings: readonly Reading[]): Promise<void> {
    for (const camera of this.cameras) await camera.stored(readings);
  }

  /** How the cameras are doing, as sources. */
  status(): SourceStatus[] {
    return this.cameras.map(({ source, stats }) => ({
      source,
      state: stats.state,
      bytes: stats.bytes,
      frames: stats.sealed,
      noise: {},
      readings: { 'camera.frame': Object.values(stats.sealed).reduce((sum, count) => sum + count, 0) },
      reopens: 0,
      overflowBytes: 0,
    }));
  }
}
