import { crc32 } from 'node:zlib';
import type { ClockState } from '../proof/index.ts';

/** Frames begin at multiples of this. */
export const SECTOR = 512;
const HEADER = 60;
/** "FSJ1". */
const MAGIC = 0x46534a31;
const KINDS = ['run', 'readings', 'step'] as const;
const CLOCK_SOURCES = ['none', 'rtc', 'ntp', 'gnss'] as const;

/**
 * What one write puts into the journal.
 * - `run`: where the readings of the frames after it come from, see `Run`.
 * - `readings`: columns as in a proof's block (docs/proof-format.md).
 * - `step`: the readings before it, up to position `first`, have to be dated anew, by a number of ms.
 */
export interface Frame {
  readonly kind: (typeof KINDS)[number];
  /** Rises by one with each frame, for the life of the journal. */
  readonly sequence: number;
  /** CRC-32 of the payload of the `run` that the readings belong to. */
  readonly run: number;
  /** When this was written, everything up to this position was sealed. */
  readonly sealed: number;
  /** Position of the first reading; the others follow. */
  readonly first: number;
  readonly count: number;
  /** Earliest and latest time of the readings, ms since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /** The clock when they were written, but for the boot id, which is the run's. */
  readonly clock: Omit<ClockState, 'bootId'>;
  readonly payload: Uint8Array;
}

/** A frame in whole sectors of `sectorBytes`: a header with a CRC-32 over all of it, numbers little-endian, then the payload. */
export function encodeFrame(frame: Frame, sectorBytes: number): Buffer {
  const length = HEADER + frame.payload.length;
  const bytes = Buffer.alloc(Math.ceil(length / sectorBytes) * sectorBytes);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32LE(length, 8);
  bytes.writeUInt8(KINDS.indexOf(frame.kind), 12);
  bytes.writeUInt8(CLOCK_SOURCES.indexOf(frame.clock.source), 13);
  bytes.writeUInt16LE(frame.count, 14);
  bytes.writeUIntLE(frame.sequence, 16, 6);
  bytes.writeUInt32LE(frame.run, 22);
  bytes.writeUIntLE(frame.sealed, 26, 6);
  bytes.writeUIntLE(frame.first, 32, 6);
  bytes.writeUIntLE(frame.from, 38, 6);
  bytes.writeUIntLE(frame.to, 44, 6);
  bytes.writeUInt32LE(frame.clock.uncertaintyMs, 50);
  bytes.writeUIntLE(frame.clock.sinceBootMs, 54, 6);
  bytes.set(frame.payload, HEADER);
  bytes.writeUInt32LE(crc32(bytes.subarray(8, length)), 4);
  return bytes;
}

/** All whole frames in a file, in the order in which they lie there. What is torn, rotten or foreign is passed over. */
export function* framesOf(bytes: Uint8Array): Iterable<Frame> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let offset = 0; offset + HEADER <= view.length; ) {
    const frame = frameAt(view, offset);
    if (frame !== undefined) yield frame;
    offset += frame === undefined ? SECTOR : Math.ceil((HEADER + frame.payload.length) / SECTOR) * SECTOR;
  }
}

function frameAt(bytes: Buffer, offset: number): Frame | undefined {
  if (bytes.readUInt32BE(offset) !== MAGIC) return undefined;
  const length = bytes.readUInt32LE(offset + 8);
  if (length < HEADER || offset + length > bytes.length) return undefined;
  const whole = bytes.subarray(offset, offset + length);
  if (crc32(whole.subarray(8)) !== whole.readUInt32LE(4)) return undefined;
  const kind = KINDS[whole.readUInt8(12)];
  const source = CLOCK_SOURCES[whole.readUInt8(13)];
  if (kind === undefined || source === undefined) return undefined;
  return {
    kind,
    count: whole.readUInt16LE(14),
    sequence: whole.readUIntLE(16, 6),
    run: whole.readUInt32LE(22),
    sealed: whole.readUIntLE(26, 6),
    first: whole.readUIntLE(32, 6),
    from: whole.readUIntLE(38, 6),
    to: whole.readUIntLE(44, 6),
    clock: { source, uncertaintyMs: whole.readUInt32LE(50), sinceBootMs: whole.readUIntLE(54, 6) },
    payload: whole.subarray(HEADER),
  };
}
