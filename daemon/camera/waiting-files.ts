import { isSameContent, isSameFile, type SeenFile } from './file-mark.ts';
import type { FileType } from './file-types.ts';
import type { RememberedFix } from './fix-history.ts';

/** A file that is not sealed yet. */
export interface WaitingFile {
  readonly file: SeenFile;
  readonly type: FileType;
  /** It is not finished before, in ms on the monotonic clock. */
  notBefore: number;
  /** The fix at its time, once that was looked up. */
  fix: RememberedFix | undefined | 'not-looked-up';
  /** That it could not be read is in the log. */
  isTold: boolean;
}

interface MissingFile {
  readonly file: SeenFile;
  readonly since: number;
}

/** Files between their first sight and their hash. A name that is gone may be back as another for as long as a file settles. */
export class WaitingFiles {
  readonly #settle: number;
  readonly #waiting = new Map<string, WaitingFile>();
  #missing: MissingFile[] = [];

  /** @param settle how long a file has to be unchanged, in ms */
  constructor(settle: number) {
    this.#settle = settle;
  }

  names(): string[] {
    return [...this.#waiting.keys()];
  }

  get(name: string): WaitingFile | undefined {
    return this.#waiting.get(name);
  }

  has(name: string): boolean {
    return this.#waiting.has(name);
  }

  /** The file was seen at `now`. It settles anew unless it is as it was seen before. */
  see(file: SeenFile, type: FileType, now: number): void {
    const known = this.#waiting.get(file.name);
    if (known !== undefined && isSameContent(known.file, file)) return;
    // Another file took its name.
    if (known !== undefined && !isSameFile(known.file, file)) this.miss(file.name, now);
    this.#waiting.set(file.name, {
      file,
      type,
      notBefore: now + this.#settle,
      fix: 'not-looked-up',
      isTold: false,
    });
  }

  /** The file needs nothing more. */
  drop(name: string): void {
    this.#waiting.delete(name);
  }

  /** The name is gone. */
  miss(name: string, now: number): void {
    const known = this.#waiting.get(name);
    if (known === undefined) return;
    this.#waiting.delete(name);
    this.#missing.push({ file: known.file, since: now });
  }

  /** Files that are gone for good: they were missing for as long as a file settles, and none that waits is the same. */
  takeVanished(now: number): SeenFile[] {
    if (this.#missing.length === 0) return [];
    const gone = this.#missing.filter(({ since }) => now - since >= this.#settle);
    this.#missing = this.#missing.filter(({ since }) => now - since < this.#settle);
    const others = [...this.#waiting.values()];
    return gone.map(({ file }) => file).filter((file) => !others.some((other) => isSameFile(other.file, file)));
  }

  /** All that are settled. */
  settled(now: number): WaitingFile[] {
    return [...this.#waiting.values()].filter(({ notBefore }) => notBefore <= now);
  }

  /** When there is something to do, on the monotonic clock; undefined while nothing waits. */
  get nextAt(): number | undefined {
    const times = [
      ...[...this.#waiting.values()].map(({ notBefore }) => notBefore),
      ...this.#missing.map(({ since }) => since + this.#settle),
    ];
    return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
  }
}
