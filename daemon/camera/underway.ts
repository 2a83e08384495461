import type { Reading } from '../readings/index.ts';
import { isSameContent, type SeenFile } from './file-mark.ts';
import { endOf } from './frame.ts';

export type FrameReading = Extract<Reading, { kind: 'camera.frame' }>;

interface Frame {
  readonly fields: FrameReading['fields'];
  /** Unknown where an earlier run has read it. */
  file: SeenFile | undefined;
  isSealed: boolean;
}

/**
 * Frames of a source that are on their way into a proof on the disk, and the files that they are of. They go by what a frame says
 * of its file: one that was read back from the journal is another object than the one that went there, and may be of an earlier
 * run. Of a name it is the last frame that counts, as the file is written anew by then.
 */
export class Underway {
  readonly #frames = new Map<string, Frame>();

  /** A frame was read of a file. */
  add({ fields }: FrameReading, file: SeenFile): void {
    this.#frames.set(fields.name, { fields, file, isSealed: false });
  }

  /** A frame of an earlier run is yet to be sealed. */
  recover({ fields }: FrameReading): void {
    this.#frames.set(fields.name, { fields, file: undefined, isSealed: false });
  }

  /** Whether a file, that was not looked at in this run, is underway as it is; or is sealed since. */
  claim(file: SeenFile): 'waits' | 'sealed' | undefined {
    const frame = this.#frames.get(endOf(file.name));
    if (frame === undefined || !isOf(frame, file)) return undefined;
    frame.file = file;
    if (!frame.isSealed) return 'waits';
    this.#frames.delete(endOf(file.name));
    return 'sealed';
  }

  /** Frames are in a proof on the disk: the files that they are of, as far as these are known yet. */
  sealed(readings: readonly FrameReading[]): SeenFile[] {
    const files: SeenFile[] = [];
    for (const { fields } of readings) {
      const frame = this.#frames.get(fields.name);
      if (frame === undefined || !isSameFrame(frame.fields, fields)) continue;
      frame.isSealed = true;
      if (frame.file === undefined) continue;
      files.push(frame.file);
      this.#frames.delete(fields.name);
    }
    return files;
  }
}

/** An earlier run's frame tells the file's size and its time in milliseconds; of this run's the file is known. */
const isOf = ({ fields, file: known }: Frame, file: SeenFile): boolean =>
  known === undefined ? fields.size === file.size && fields.modified === file.modified : isSameContent(known, file);

const isSameFrame = (a: FrameReading['fields'], b: FrameReading['fields']): boolean =>
  a.size === b.size && a.modified === b.modified && Buffer.compare(a.sha256, b.sha256) === 0;
