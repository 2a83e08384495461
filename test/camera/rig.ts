import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { CameraFolder, Underway } from '../../daemon/camera/index.ts';
import { Clock } from '../../daemon/clock/index.ts';
import type { CameraConfig } from '../../daemon/config/index.ts';
import type { Loss } from '../../daemon/proof/index.ts';
import { checkRanges, type Reading } from '../../daemon/readings/index.ts';
import { type KeptLog, keptLog } from '../support/kept-log.ts';

export type Frame = Extract<Reading, { kind: 'camera.frame' }>;

export const SETTLE_MS = 150;

/** A camera's folder and the daemon's camera on it; runs of the camera share what lies on the disk. */
export class CameraRig {
  readonly root = mkdtempSync(join(tmpdir(), 'fieldseal-camera-'));
  readonly folder = join(this.root, 'card');
  readonly state = join(this.root, 'camera.journal');
  readonly log: KeptLog = keptLog();
  /** Of the current run. */
  frames: Frame[] = [];
  losses: Loss[] = [];
  withheld: number[] = [];
  hides: (from: number, to: number) => boolean | 'not-known-yet' = () => false;
  camera: CameraFolder | undefined;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor() {
    mkdirSync(this.folder);
  }

  start(config: Partial<CameraConfig> = {}, underway = new Underway()): CameraFolder {
    this.frames = [];
    this.losses = [];
    this.withheld = [];
    const camera = new CameraFolder(
      { source: 'dashcam', folder: this.folder, settle: SETTLE_MS, maxFixAge: 10_000, ...config },
      this.state,
      {
        onReading: (reading) => {
          if (reading.kind !== 'camera.frame') throw new Error(`a camera made a ${reading.kind}`);
          expect(checkRanges(reading.kind, reading.fields)).toEqual([]);
          this.frames.push(reading);
        },
        onLoss: (loss) => this.losses.push(loss),
        hides: (from, to) => this.hides(from, to),
        onWithheld: (t) => this.withheld.push(t),
        clock: new Clock(),
        log: this.log,
      },
      underway,
    );
    this.camera = camera;
    this.#stop = new AbortController();
    this.#running = camera.run(this.#stop.signal);
    this.#running.catch(() => {});
    return camera;
  }

  /** Starts it, and waits until it watches. */
  async watching(config: Partial<CameraConfig> = {}): Promise<CameraFolder> {
    const camera = this.start(config);
    await expect.poll(() => camera.stats.state).toBe('running');
    return camera;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** All frames are in a stored proof. */
  async store(): Promise<void> {
    await this.camera?.stored(this.frames);
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(this.path(name), content);
  }

  modified(name: string): number {
    return Math.floor(statSync(this.path(name)).mtimeMs);
  }

  /** Waits for so many frames, and returns their names in order. */
  async sealed(count: number): Promise<string[]> {
    await expect.poll(() => this.frames.length, { timeout: 10_000, interval: 10 }).toBeGreaterThanOrEqual(count);
    return this.frames.map(({ fields }) => fields.name);
  }

  /** What was sealed after everything so far had time to be: a file written last is sealed last. */
  async sealedBefore(marker: string): Promise<string[]> {
    const camera = this.camera;
    this.write(marker, marker);
    await expect
      .poll(() => this.frames.some(({ fields }) => fields.name === marker), { timeout: 10_000, interval: 10 })
      .toBe(true);
    expect(camera).toBe(this.camera);
    return this.frames.map(({ fields }) => fields.name).filter((name) => name !== marker);
  }
}

export const sha256 = (content: string | Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(content).digest());
