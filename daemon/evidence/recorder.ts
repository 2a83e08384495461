import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { pause } from '../abort.ts';
import type { EvidenceConfig } from '../config/index.ts';
import { FieldsealError, reasonOf } from '../errors.ts';
import { FileTrouble, mayPass, unwritable } from '../file-trouble.ts';
import type { Log } from '../log.ts';
import type { Observation } from '../readings/index.ts';
import { SegmentRing } from './ring.ts';

const WRITE_EVERY_MS = 1_000;
/** What waits for a disk that doesn't take it; beyond, the ring has a gap. A port brings 800 kB a second at most. */
const MAX_WAITING = 4_000_000;

export interface EvidenceParts {
  readonly source: string;
  /** Takes the source.evidence observations. */
  readonly onObservation: (observation: Observation) => void;
  readonly now: () => number;
  readonly log: Log;
}

/**
 * Keeps the raw bytes of one source: hashes them into readings, each of the bytes since the one before, and holds the latest of
 * them on disk. A reading is made when the bytes that it names are on disk, so that no offset is ever used twice. While the disk
 * fails, readings are made all the same, and some megabytes wait for it; what is beyond has its hash, and no bytes.
 */
export class EvidenceRecorder {
  readonly #config: EvidenceConfig;
  readonly #parts: EvidenceParts;
  readonly #ring: SegmentRing;
  readonly #trouble: FileTrouble;
  #hash: Hash = createHash('sha256');
  /** Offset of the first byte that is not in a reading. */
  #from = 0;
  /** Offset after the last byte. */
  #offset = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lostBytes = 0;

  constructor(config: EvidenceConfig, parts: EvidenceParts) {
    this.#config = config;
    this.#parts = parts;
    const folder = join(config.directory, parts.source);
    this.#ring = new SegmentRing(folder, config.maxBytes);
    this.#trouble = new FileTrouble({
      place: folder,
      fails: 'raw evidence cannot be written',
      heals: 'raw evidence is written again',
      log: parts.log.child({ room: 'evidence', source: parts.source }),
    });
  }

  /** Why the disk does not take the bytes; undefined while it does. */
  get trouble(): string | undefined {
    return this.#trouble.line;
  }

  /** Bytes that are hashed but never came onto the disk. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /**
   * Continues after the bytes that are on disk. A disk that fails is lived with.
   *
   * @throws FieldsealError FILE_NOT_WRITABLE for what an operator has to mend, FILE_NOT_READABLE
   */
  async open(): Promise<void> {
    const { directory } = this.#config;
    try {
      await this.#ring.make();
    } catch (cause) {
      if (!mayPass(cause)) throw unwritable(directory, cause);
      this.#trouble.note(cause);
    }
    try {
      this.#offset = await this.#ring.open();
      this.#from = this.#offset;
    } catch (cause) {
      throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: directory, cause });
    }
  }

  /** Takes bytes as the decoder gets them. To be opened before. */
  record(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#offset += chunk.length;
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#waitingBytes > MAX_WAITING) this.#giveUp();
  }

  /** Writes and makes readings until the signal, then one more of what is left. */
  async run(signal: AbortSignal): Promise<void> {
    const { every } = this.#config;
    let sealed = performance.now();
    while (!signal.aborted) {
      await pause(Math.min(every, WRITE_EVERY_MS), signal);
      if (signal.aborted || performance.now() - sealed >= every) {
        sealed = performance.now();
        await this.#seal();
      } else {
        await this.#write();
      }
    }
    await this.#write(true);
    await this.#sync();
    if (this.#trouble.line === undefined) await this.#ring.close();
    this.#giveUp();
  }

  async #seal(): Promise<void> {
    const from = this.#from;
    const offset = this.#offset;
    if (from === offset) return;
    const sha256 = new Uint8Array(this.#hash.digest());
    const t = this.#parts.now();
    this.#hash = createHash('sha256');
    this.#from = offset;
    await this.#write();
    await this.#sync();
    this.#parts.onObservation({ kind: 'source.evidence', t, fields: { from, offset, sha256 } });
  }

  /** @param isLast there is no later: the disk is asked even if it has refused just now */
  async #write(isLast = false): Promise<void> {
    if (this.#waitingBytes === 0 || !(isLast || this.#trouble.mayTry)) return;
    const bytes = Buffer.concat(this.#waiting);
    const end = this.#offset;
    const start = end - bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      await this.#ring.append(start, bytes);
    } catch (cause) {
      this.#putBack(bytes.subarray(Math.max(0, this.#ring.end - start)), end);
      return this.#fail(cause);
    }
    this.#trouble.over();
  }

  async #sync(): Promise<void> {
    // After a failure there is nothing that could be synced.
    if (this.#trouble.line !== undefined) return;
    try {
      await this.#ring.sync();
    } catch (cause) {
      this.#lostBytes += this.#ring.unsynced;
      await this.#fail(cause);
    }
  }

  /** @param end offset after the bytes */
  #putBack(bytes: Uint8Array, end: number): void {
    // Where those that came after them had to go meanwhile, they can't stand before the rest any more.
    const follows = this.#offset - this.#waitingBytes === end;
    if (!follows || this.#waitingBytes + bytes.length > MAX_WAITING) {
      this.#lostBytes += bytes.length;
      return;
    }
    this.#waiting.unshift(bytes);
    this.#waitingBytes += bytes.length;
  }

  #giveUp(): void {
    this.#lostBytes += this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** A full or broken disk is lived with. @throws what is no system error: that is a bug */
  async #fail(cause: unknown): Promise<void> {
    this.#trouble.note(cause);
    await this.#ring.abandon();
  }
}
