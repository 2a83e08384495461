import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { pause } from '../abort.ts';
import type { EvidenceConfig } from '../config/index.ts';
import { FieldsealError, reasonOf } from '../errors.ts';
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
 * them on disk. A reading is made only when the bytes that it names are on disk, so that no offset is ever used twice. A disk
 * that fails costs the bytes, not their hash.
 */
export class EvidenceRecorder {
  readonly #config: EvidenceConfig;
  readonly #parts: EvidenceParts;
  readonly #ring: SegmentRing;
  readonly #log: Log;
  #hash: Hash = createHash('sha256');
  /** Offset of the first byte that is not in a reading. */
  #from = 0;
  /** Offset after the last byte. */
  #offset = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #failing = false;
  #lostBytes = 0;

  constructor(config: EvidenceConfig, parts: EvidenceParts) {
    this.#config = config;
    this.#parts = parts;
    this.#ring = new SegmentRing(join(config.directory, parts.source), config.maxBytes);
    this.#log = parts.log.child({ room: 'evidence', source: parts.source });
  }

  /** Bytes that are hashed but never came onto the disk. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /**
   * Continues after the bytes that are on disk.
   *
   * @throws FieldsealError FILE_NOT_WRITABLE
   */
  async open(): Promise<void> {
    try {
      this.#offset = await this.#ring.open();
      this.#from = this.#offset;
    } catch (cause) {
      throw new FieldsealError('FILE_NOT_WRITABLE', { detail: reasonOf(cause), place: this.#config.directory, cause });
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
    await this.#ring.close();
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
    await this.#attempt(() => this.#ring.sync());
    this.#parts.onObservation({ kind: 'source.evidence', t, fields: { from, offset, sha256 } });
  }

  async #write(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    const start = this.#offset - bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (!(await this.#attempt(() => this.#ring.append(start, bytes)))) this.#lostBytes += bytes.length;
  }

  #giveUp(): void {
    this.#lostBytes += this.#waitingBytes;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** A full or broken disk is told once, and again when it works. */
  async #attempt(write: () => Promise<void>): Promise<boolean> {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      if (!this.#failing) this.#log.warn({ error: reasonOf(error) }, 'raw evidence cannot be written');
      this.#failing = true;
      // The next write begins a segment of its own: nobody knows how much of this one went through.
      await this.#ring.close().catch(() => {});
      return false;
    }
    if (this.#failing) this.#log.info({ lostBytes: this.#lostBytes }, 'raw evidence is written again');
    this.#failing = false;
    return true;
  }
}
