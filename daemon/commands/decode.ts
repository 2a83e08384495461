import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { Command, InvalidArgumentError, Option } from 'commander';
import { FieldsealError, reasonOf } from '../errors.ts';
import { defaultSettings } from '../profiles/index.ts';
import { type Decoder, findProtocol, PROTOCOLS } from '../protocols/index.ts';
import { type Observation, readingToJson } from '../readings/index.ts';
import { type CommandIo, examples, printLine } from './io.ts';
import { piecesOf } from './recorded.ts';

const READ_SIZE = 64 * 1_024;

interface DecodeOptions {
  protocol: string;
  referenceDate?: number;
  chunk?: number;
  stats?: true;
}

export function decodeCommand(io: CommandIo): Command {
  const protocols = Object.keys(PROTOCOLS);
  return new Command('decode')
    .description(
      'Decodes a recording (plain bytes, or of `fieldseal capture`) and prints one JSON object a reading, in the units of docs/readings.md. ' +
        'Bytes that make no message are noise: counted with --stats, never an error. It ends with its input, or when told to stop.',
    )
    .argument('<file>', 'the recording, or - for standard input')
    .addOption(new Option('--protocol <name>', 'what the device spoke').choices(protocols).makeOptionMandatory())
    .option('--reference-date <date>', 'a date near the recording (YYYY-MM-DD), to resolve short years', parseDate)
    .option('--chunk <bytes>', 'feed the decoder so many bytes at a time', parseChunk)
    .option('--stats', 'print counts of bytes, frames and noise as the last line on standard error')
    .addHelpText(
      'after',
      examples(
        'fieldseal decode --protocol gnss --stats drive.ubx',
        'cat /dev/ttyACM0 | fieldseal decode --protocol gnss -',
      ),
    )
    .action((file: string, options: DecodeOptions) => decode(io, file, options));
}

async function decode(io: CommandIo, file: string, options: DecodeOptions): Promise<void> {
  const protocol = findProtocol(options.protocol);
  if (protocol === undefined) throw new FieldsealError('USAGE', { detail: `no protocol ${options.protocol}` });
  const settings = defaultSettings(protocol.settings);
  const createDecoder = await protocol.loadDecoder();
  const start = (time: number): Decoder => createDecoder({ referenceTime: options.referenceDate ?? time, settings });
  let decoder: Decoder | undefined;
  let last = 0;
  const input = file === '-' ? io.stdin : createReadStream(file, { highWaterMark: READ_SIZE });
  try {
    for await (const piece of piecesOf(blocksOf(input, io.signal), options.chunk)) {
      decoder ??= start(piece.start ?? Date.now());
      last = piece.t;
      await print(io, decoder.push(piece.bytes, piece.t, piece.peer));
    }
  } catch (cause) {
    throw readFailure(cause, file);
  }
  decoder ??= start(Date.now());
  await print(io, decoder.end(last));
  if (options.stats) await printLine(io.stderr, JSON.stringify(decoder.stats));
}

async function print(io: CommandIo, observations: readonly Observation[]): Promise<void> {
  if (observations.length === 0) return;
  await printLine(io.stdout, observations.map((one) => JSON.stringify(readingToJson(one))).join('\n'));
}

/** The blocks of a stream until it ends or the signal comes: a terminal that is silent holds its read open for ever. */
async function* blocksOf(input: Readable, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const blocks: AsyncIterator<Uint8Array> = input[Symbol.asyncIterator]();
  let stop = (): void => {};
  signal.addEventListener('abort', () => stop());
  while (!signal.aborted) {
    const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
      stop = () => resolve({ done: true, value: undefined });
      blocks.next().then(resolve, reject);
    });
    if (next.done) return;
    yield next.value;
  }
}

function parseDate(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('write it as YYYY-MM-DD');
  return time;
}

function parseChunk(text: string): number {
  const size = Number(text);
  if (!Number.isInteger(size) || size < 1) throw new InvalidArgumentError('write a number of bytes, 1 or more');
  return size;
}

function readFailure(cause: unknown, file: string): unknown {
  if (cause instanceof FieldsealError) return cause.at(file);
  return cause instanceof Error && 'syscall' in cause
    ? new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: file, cause })
    : cause;
}
