import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../abort.ts';
import type { CameraConfig } from '../config/index.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Loss } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { isSystemError, openFile, statPath } from './file-access.ts';
import { isSameContent, type SeenFile, seenFile } from './file-mark.ts';
import { FileTypes } from './file-types.ts';
import { FixHistory, type FixReading } from './fix-history.ts';
import { FolderTree } from './folder-tree.ts';
import { frameFields } from './frame.ts';
import { hashFile } from './hash-file.ts';
import { SealedFiles } from './sealed-files.ts';
import { type FrameReading, Underway } from './underway.ts';
import { type WaitingFile, WaitingFiles } from './waiting-files.ts';

/** What inotify does not tell of is found by then. */
const WALK_MS = 60_000;
/** The same, where it tells nothing. */
const BLIND_WALK_MS = 2_000;
const MISSING_WALK_MS = 5_000;
/** A file that could not be read is tried again. */
const RETRY_MS = 60_000;
/** Changes come in flocks. */
const FLOCK_MS = 100;
/** So long files are sealed before others are looked at. */
const MOMENT_MS = 500;
/** Where a file was made may be known by then. */
const ASK_AGAIN_MS = 500;
const TYPE_NAMES = ['other', 'image', 'clip'] as const;

export interface CameraHooks {
  onReading(reading: Reading): void;
  onLoss(loss: Loss): void;
  /** Whether any of the time between two instants, ms since the Unix epoch, must not be recorded; a moment later it may be known. */
  hides(from: number, to: number): boolean | 'not-known-yet';
  /** A file is not recorded, for that reason. */
  onWithheld(t: number): void;
  /** The folder can be read (again). */
  onWatched?(): void;
  /** `ofWall`: the time of what the host's wall clock has stamped, such as a file. */
  readonly clock: { now(): number; monotonicNow(): number; ofWall(wall: number): number };
  readonly log: Log;
}

/** Counters of a camera; they only grow, but for the state. */
export interface CameraStats {
  state: 'opening' | 'running' | 'missing';
  /** Bytes of the files that were sealed. */
  bytes: number;
  sealed: Record<string, number>;
  withheld: number;
  vanished: number;
  /** Times that a file could not be read. */
  unreadable: number;
}

/**
 * A folder that a camera writes images and clips into. A file is finished once it did not change for `settle`; then it is hashed,
 * one at a time, and sealed as camera.frame with the fix nearest in time. It stays where it is and is only ever read. A file that
 * is written again is sealed again; one that is renamed is not; one that goes away before it was hashed is declared lost.
 */
export class CameraFolder {
  readonly #config: CameraConfig;
  readonly #hooks: CameraHooks;
  readonly #types: FileTypes;
  readonly #fixes = new FixHistory();
  readonly #sealed: SealedFiles;
  readonly #waiting: WaitingFiles;
  readonly #tree: FolderTree;
  readonly #underway: Underway;
  readonly stats: CameraStats = { state: 'opening', bytes: 0, sealed: {}, withheld: 0, vanished: 0, unreadable: 0 };
  #walkAt = 0;
  #sequence = 0;
  #wake: () => void = () => {};
  #turnedAt: number | undefined;

  /**
   * @param stateFile the journal of what is sealed
   * @param underway frames of this source on their way to the disk, of earlier runs too
   */
  constructor(config: CameraConfig, stateFile: string, hooks: CameraHooks, underway = new Underway()) {
    this.#config = config;
    this.#hooks = hooks;
    this.#types = new FileTypes(config.types);
    this.#sealed = new SealedFiles(stateFile, hooks.log);
    this.#underway = underway;
    this.#waiting = new WaitingFiles(config.settle);
    this.#tree = new FolderTree(config.folder, () => this.#wake());
  }

  get source(): string {
    return this.#config.source;
  }

  /** When it last looked about, by performance.now(); undefined while it doesn't run. */
  get turnedAt(): number | undefined {
    return this.#turnedAt;
  }

  /** A fix that may be recorded, from whichever source. */
  observeFix(fix: FixReading): void {
    this.#fixes.add(fix);
  }

  /** The clock that has stamped the fixes so far was wrong by so much. */
  dateBack(deltaMs: number): void {
    this.#fixes.dateBack(deltaMs);
  }

  /** Why the disk does not have what is sealed; undefined while it does. */
  get trouble(): string | undefined {
    return this.#sealed.trouble;
  }

  /** Frames of this source are in a proof on the disk: their files need no sealing after a restart. */
  async stored(frames: readonly FrameReading[]): Promise<void> {
    const files = this.#underway.sealed(frames);
    if (files.length === 0) return;
    await this.#sealed.store(files);
    if (this.#sealed.retryInMs !== undefined) this.#wake();
  }

  /** Nothing more is stored: what is not on the disk yet gets a last try. */
  async settle(): Promise<void> {
    await this.#sealed.write(true);
  }

  /** Seals what comes until the signal. A disk that does not take what is sealed is lived with. @throws FieldsealError FILE_NOT_READABLE */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#hooks;
    await this.#sealed.open();
    try {
      while (!signal.aborted) {
        this.#turnedAt = performance.now();
        if (this.#sealed.retryInMs === 0) await this.#sealed.write();
        if (clock.monotonicNow() >= this.#walkAt) await this.#walk(signal);
        for (const name of this.#tree.takeTouched()) await this.#look(name);
        this.#countVanished();
        const settled = this.#settled();
        if (settled.length === 0) await this.#idle(signal);
        else await this.#sealSome(settled, signal);
      }
    } finally {
      this.#turnedAt = undefined;
      this.#tree.close();
    }
  }

  async #walk(signal: AbortSignal): Promise<void> {
    const { files, trouble } = await this.#tree.walk(signal);
    const { folder } = this.#config;
    const state = trouble === undefined ? 'running' : 'missing';
    if (state !== this.stats.state) {
      if (trouble === undefined) this.#hooks.log.info({ folder }, 'camera folder is watched');
      else this.#hooks.log.warn({ folder, reason: trouble }, 'camera folder cannot be read; it is tried again');
    }
    this.stats.state = state;
    if (trouble === undefined) this.#hooks.onWatched?.();
    let pause = MISSING_WALK_MS;
    if (trouble === undefined) {
      for (const name of new Set([...files, ...this.#waiting.names()])) {
        if (signal.aborted) return;
        if (this.#types.typeOf(name) !== undefined) await this.#look(name);
      }
      pause = this.#tree.isComplete ? WALK_MS : BLIND_WALK_MS;
    }
    this.#walkAt = this.#hooks.clock.monotonicNow() + pause;
  }

  /** Sees what a name stands for now. */
  async #look(name: string): Promise<void> {
    const now = this.#hooks.clock.monotonicNow();
    const stats = await this.#stat(name);
    if (stats === undefined) {
      this.#waiting.miss(name, now);
      // A folder that went took its files with it.
      if (this.#tree.isWatched(name)) this.#walkAt = now;
      return;
    }
    if (stats.isDirectory() && !this.#tree.isWatched(name)) this.#walkAt = now;
    const type = this.#types.typeOf(name);
    if (type === undefined || !stats.isFile()) return;
    const file = seenFile(name, stats);
    // What is empty is not written yet.
    if (file.size === 0 && !this.#waiting.has(name)) return;
    if (this.#sealed.has(file) || (await this.#isRenamed(file)) || (await this.#isUnderway(file))) {
      this.#waiting.drop(name);
    } else {
      this.#waiting.see(file, type, now);
    }
  }

  async #isRenamed(file: SeenFile): Promise<boolean> {
    const former = this.#sealed.formerName(file);
    // While the former name is there it is a second link, or on FAT another file that got the same inode after a mount.
    if (former === undefined || (await this.#stat(former)) !== undefined) return false;
    await this.#sealed.rename(former, file);
    return true;
  }

  /** Whether another run, or this camera before a reload, has read a frame of it that is on its way to the disk, or there by now. */
  async #isUnderway(file: SeenFile): Promise<boolean> {
    const claimed = this.#underway.claim(file);
    if (claimed === undefined) return false;
    this.#sealed.add(file);
    if (claimed === 'sealed') await this.#sealed.store([file]);
    return true;
  }

  #stat(name: string): Promise<BigIntStats | undefined> {
    return statPath(join(this.#config.folder, name));
  }

  #countVanished(): void {
    for (const file of this.#waiting.takeVanished(this.#hooks.clock.monotonicNow())) {
      if (this.#sealed.hasContent(file)) continue;
      this.stats.vanished += 1;
      const to = this.#hooks.clock.now();
      const from = Math.min(this.#timeOf(file), to);
      this.#hooks.onLoss({ reason: 'file-vanished', count: 1, from, to });
    }
  }

  /** The finished files, oldest first, as a ring buffer deletes them. Each has its fix by now: the history moves on. */
  #settled(): WaitingFile[] {
    const settled = this.#waiting.settled(this.#hooks.clock.monotonicNow());
    for (const one of settled) {
      if (one.fix === 'not-looked-up') one.fix = this.#fixes.nearest(this.#timeOf(one.file), this.#config.maxFixAge);
    }
    return settled.sort((a, b) => a.file.modified - b.file.modified);
  }

  /** Seals as many as it can in a moment; then it is time to see what else came. */
  async #sealSome(files: readonly WaitingFile[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#hooks;
    const until = clock.monotonicNow() + MOMENT_MS;
    for (const file of files) {
      if (signal.aborted || clock.monotonicNow() > until) return;
      // Looking at one may have shown another to be gone.
      if (this.#waiting.get(file.file.name) === file) await this.#seal(file, signal);
    }
  }

  async #seal(waiting: WaitingFile, signal: AbortSignal): Promise<void> {
    const { file } = waiting;
    if (await this.#isHeldBack(waiting)) return;
    let handle: FileHandle | undefined;
    try {
      handle = await openFile(join(this.#config.folder, file.name));
      if (!(await this.#isUnchanged(handle, waiting))) return;
      const sha256 = await hashFile(handle, signal);
      if (!(await this.#isUnchanged(handle, waiting)) || (await this.#isHeldBack(waiting))) return;
      this.#emit(waiting, sha256);
    } catch (error) {
      if (signal.aborted) return;
      if (!isSystemError(error)) throw error;
      await this.#postpone(waiting, error);
    } finally {
      await handle?.close();
    }
  }

  /** Whether the open file is as it was seen; otherwise it settles anew. */
  async #isUnchanged(handle: FileHandle, waiting: WaitingFile): Promise<boolean> {
    const stats = await handle.stat({ bigint: true });
    if (stats.isFile() && stats.size > 0n && isSameContent(seenFile(waiting.file.name, stats), waiting.file))
      return true;
    waiting.notBefore = this.#hooks.clock.monotonicNow() + this.#config.settle;
    await this.#look(waiting.file.name);
    return false;
  }

  /** Whether the file must not be recorded, which it then never is, or not yet. */
  async #isHeldBack(waiting: WaitingFile): Promise<boolean> {
    const { file } = waiting;
    const at = this.#timeOf(file);
    const hides = this.#hooks.hides(at - (file.modified - file.born), at);
    if (hides === false) return false;
    if (hides === 'not-known-yet') {
      waiting.notBefore = this.#hooks.clock.monotonicNow() + ASK_AGAIN_MS;
      return true;
    }
    this.stats.withheld += 1;
    this.#done(file);
    await this.#sealed.store([file]);
    this.#hooks.onWithheld(at);
    return true;
  }

  #emit({ file, type, fix }: WaitingFile, sha256: Uint8Array): void {
    this.#done(file);
    this.#sequence += 1;
    const name = TYPE_NAMES[type];
    this.stats.bytes += file.size;
    this.stats.sealed[name] = (this.stats.sealed[name] ?? 0) + 1;
    const reading: FrameReading = {
      kind: 'camera.frame',
      source: this.#config.source,
      t: this.#hooks.clock.now(),
      fields: frameFields(file, {
        sha256,
        type,
        fix: fix === 'not-looked-up' ? undefined : fix,
        sequence: this.#sequence,
        at: this.#timeOf(file),
      }),
    };
    this.#underway.add(reading, file);
    this.#hooks.onReading(reading);
  }

  /** When the file was last written, by the gateway's timeline: the wall clock that stamps files may be set at any time. */
  #timeOf(file: SeenFile): number {
    return this.#hooks.clock.ofWall(file.modified);
  }

  #done(file: SeenFile): void {
    this.#waiting.drop(file.name);
    this.#sealed.add(file);
  }

  /** The file could not be read: it is gone, or it waits. */
  async #postpone(waiting: WaitingFile, error: Error): Promise<void> {
    waiting.notBefore = this.#hooks.clock.monotonicNow() + RETRY_MS;
    await this.#look(waiting.file.name);
    if (this.#waiting.get(waiting.file.name) !== waiting) return;
    this.stats.unreadable += 1;
    if (waiting.isTold) return;
    waiting.isTold = true;
    const fields = { file: waiting.file.name, reason: reasonOf(error) };
    this.#hooks.log.warn(fields, 'file cannot be read; it is tried again');
  }

  async #idle(signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const either = AbortSignal.any([signal, woken.signal]);
    const at = Math.min(this.#walkAt, this.#waiting.nextAt ?? Number.POSITIVE_INFINITY);
    const ms = Math.min(at - this.#hooks.clock.monotonicNow(), this.#sealed.retryInMs ?? Number.POSITIVE_INFINITY);
    if (!this.#tree.isTouched) await pause(Math.max(0, ms), either);
    if (woken.signal.aborted || this.#tree.isTouched) await pause(FLOCK_MS, signal);
  }
}
