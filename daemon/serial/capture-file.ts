import { z } from 'zod';

/**
 * Recordings of a port with their timings; docs/capture-format.md has the layout. A file whose end is cut off, as of a
 * gateway that lost its power, is good up to there.
 */
const MAGIC = Buffer.from('fieldseal-capture 1\n', 'latin1');
/** Bytes of the header's line at most. */
const MAX_HEADER = 4_096;
const RECORD_HEAD = 9;
/** More in one record is no recording of ours: ports hand on 64 KiB at most. */
const MAX_RECORD = 1 << 20;
const MAX_DELAY_US = 0xffff_ffff;

const headerSchema = z.object({
  start: z.int().min(0).max(253_402_300_799_999),
  path: z.string().exactOptional(),
  datagrams: z.boolean().default(false),
  baudRate: z.int().exactOptional(),
  profile: z.string().exactOptional(),
});

/** What a recording says of itself. */
export interface CaptureHeader {
  /** When it was begun, ms since the Unix epoch. */
  readonly start: number;
  /** Of the port that was recorded. */
  readonly path?: string;
  /** Each record is one datagram: none may be joined to another. */
  readonly datagrams: boolean;
  readonly baudRate?: number;
  readonly profile?: string;
}

/** Bytes as they came in one piece. */
export interface CaptureRecord {
  /** ms since the recording began */
  readonly atMs: number;
  readonly bytes: Uint8Array;
  /** Who sent the datagram. */
  readonly peer?: string;
}

/** Whether a file that begins so is a recording with timings; any other is taken for plain bytes. */
export const isCapture = (head: Uint8Array): boolean => Buffer.compare(head.subarray(0, MAGIC.length), MAGIC) === 0;

/** Whether a file that begins so may yet turn out to be one, when more of it is seen. */
export const isCaptureStart = (head: Uint8Array): boolean =>
  head.length < MAGIC.length && Buffer.compare(head, MAGIC.subarray(0, head.length)) === 0;

/** How many bytes `isCapture` has to see. */
export const CAPTURE_MAGIC_LENGTH = MAGIC.length;

/** Encodes a recording piece by piece, in the order in which it is to stand in the file. */
export class CaptureEncoder {
  #lastUs = 0;

  begin(header: CaptureHeader): Uint8Array {
    return Buffer.concat([MAGIC, Buffer.from(`${JSON.stringify(header)}\n`, 'utf8')]);
  }

  /** @param atMs since the recording began; never less than that of the record before */
  record({ atMs, bytes, peer = '' }: CaptureRecord): Uint8Array {
    const parts: Uint8Array[] = [];
    let delay = Math.max(0, Math.round(atMs * 1_000) - this.#lastUs);
    this.#lastUs += delay;
    for (; delay > MAX_DELAY_US; delay -= MAX_DELAY_US) parts.push(recordHead(MAX_DELAY_US, 0, 0));
    const from = Buffer.from(peer.slice(0, 255), 'latin1');
    parts.push(recordHead(delay, from.length, bytes.length), from, bytes);
    return Buffer.concat(parts);
  }
}

function recordHead(delayUs: number, peerLength: number, length: number): Uint8Array {
  const head = Buffer.allocUnsafe(RECORD_HEAD);
  head.writeUInt32LE(delayUs, 0);
  head.writeUInt8(peerLength, 4);
  head.writeUInt32LE(length, 5);
  return head;
}

/** Decodes a recording from pieces of any size. Holds one record at most. */
export class CaptureDecoder {
  #rest: Uint8Array = new Uint8Array(0);
  #header: CaptureHeader | undefined;
  #atUs = 0;
  #damaged = false;

  /** Known once its line has been pushed. */
  get header(): CaptureHeader | undefined {
    return this.#header;
  }

  /** What was pushed is no recording, or stops being one; nothing more comes of it. */
  get damaged(): boolean {
    return this.#damaged;
  }

  push(bytes: Uint8Array): CaptureRecord[] {
    if (this.#damaged) return [];
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = this.#header === undefined ? this.#readHeader(all) : 0;
    const records: CaptureRecord[] = [];
    while (this.#header !== undefined && !this.#damaged && at + RECORD_HEAD <= all.length) {
      const view = new DataView(all.buffer, all.byteOffset + at, RECORD_HEAD);
      const start = at + RECORD_HEAD + view.getUint8(4);
      const length = view.getUint32(5, true);
      this.#damaged = length > MAX_RECORD;
      if (this.#damaged || start + length > all.length) break;
      this.#atUs += view.getUint32(0, true);
      const peer = Buffer.from(all.subarray(at + RECORD_HEAD, start)).toString('latin1');
      at = start + length;
      // A record without bytes or peer only stretches a pause.
      if (length === 0 && peer === '') continue;
      const record = { atMs: this.#atUs / 1_000, bytes: copyOf(all, start, at) };
      records.push(peer === '' ? record : { ...record, peer });
    }
    this.#rest = copyOf(all, at, all.length);
    return records;
  }

  /** Returns where the records begin; 0 while the header is not whole. */
  #readHeader(all: Uint8Array): number {
    if (all.length < MAGIC.length) return 0;
    const end = all.indexOf(10, MAGIC.length);
    const whole = end >= 0 && end - MAGIC.length <= MAX_HEADER;
    if (!isCapture(all) || (!whole && all.length - MAGIC.length > MAX_HEADER)) {
      this.#damaged = true;
      return 0;
    }
    if (!whole) return 0;
    this.#header = parseHeader(Buffer.from(all.subarray(MAGIC.length, end)).toString('utf8'));
    this.#damaged = this.#header === undefined;
    return end + 1;
  }
}

function parseHeader(line: string): CaptureHeader | undefined {
  try {
    return headerSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Buffer's own slice() would share the memory of the whole block. */
const copyOf = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.subarray(start, end));
