import { FieldsealError } from '../errors.ts';
import { CaptureDecoder, type CaptureHeader, isCapture, isCaptureStart } from '../serial/index.ts';

/** Recorded bytes as a decoder takes them. */
export interface RecordedPiece {
  readonly bytes: Uint8Array;
  /** When they came, ms since the Unix epoch; 0 where the recording does not tell. */
  readonly t: number;
  readonly peer?: string;
  /** When the recording was begun, where it tells. */
  readonly start?: number;
}

/**
 * The pieces of a recording, plain or with timings, which its first bytes tell.
 *
 * @param size cuts streams into pieces of so many bytes; datagrams stay whole
 * @throws FieldsealError FILE_NOT_READABLE where a recording with timings is damaged; what stands before it comes first
 */
export async function* piecesOf(
  blocks: AsyncIterable<Uint8Array>,
  size: number | undefined,
): AsyncIterable<RecordedPiece> {
  let head: Uint8Array = new Uint8Array(0);
  let decoder: CaptureDecoder | undefined;
  let decided = false;
  for await (const block of blocks) {
    let bytes = block;
    if (!decided) {
      bytes = head = head.length === 0 ? block : Buffer.concat([head, block]);
      if (isCapture(head)) decoder = new CaptureDecoder();
      else if (isCaptureStart(head)) continue;
      decided = true;
    }
    if (decoder === undefined) yield* cut({ bytes, t: 0 }, size);
    else yield* timed(decoder, bytes, size);
  }
  if (!decided) yield* cut({ bytes: head, t: 0 }, size);
}

function* timed(decoder: CaptureDecoder, bytes: Uint8Array, size: number | undefined): Iterable<RecordedPiece> {
  for (const { atMs, ...piece } of decoder.push(bytes)) {
    const { start, datagrams }: CaptureHeader = decoder.header ?? { start: 0, datagrams: false };
    yield* cut({ ...piece, start, t: Math.round(start + atMs) }, datagrams ? undefined : size);
  }
  if (decoder.damaged)
    throw new FieldsealError('FILE_NOT_READABLE', { detail: 'the recording is damaged from here on' });
}

function* cut(piece: RecordedPiece, size: number | undefined): Iterable<RecordedPiece> {
  const { bytes } = piece;
  if (size === undefined) yield piece;
  else for (let at = 0; at < bytes.length; at += size) yield { ...piece, bytes: bytes.subarray(at, at + size) };
}
