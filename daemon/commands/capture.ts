import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { timer } from '../abort.ts';
import { FieldsealError, reasonOf } from '../errors.ts';
import { createLog, LOG_LEVELS, type LogLevel, logDestination } from '../log.ts';
import { decoderOptions, portOptions } from '../port-source.ts';
import { type DeviceProfile, loadProfile, SHIPPED_PROFILES } from '../profiles/index.ts';
import type { Decoder } from '../protocols/index.ts';
import { CaptureEncoder, mediumOf, PortSupervisor } from '../serial/index.ts';
import { loadDecoder } from '../sources.ts';
import { answerNo, type CommandIo, examples, printJson } from './io.ts';

interface CaptureOptions {
  out: string;
  profile?: string;
  folder?: string[];
  baud?: number;
  seconds?: number;
  log: LogLevel;
}

const collect = (folder: string, folders: string[] = []): string[] => [...folders, folder];

export function captureCommand(io: CommandIo): Command {
  return new Command('capture')
    .description(
      'Records the raw bytes of a port with their timings, until it is told to stop, into a file that `fieldseal decode`, a ' +
        'port path file:FILE?speed=1 and the simulator play (docs/capture-format.md). With a profile the device is found, ' +
        'set up and asked as the daemon would; without one it is only listened to. Ends with a summary as JSON, and exit code ' +
        '1 where no byte came.',
    )
    .argument('<port>', 'as in the configuration: a device, auto, tcp://HOST:PORT or udp://[HOST]:PORT')
    .requiredOption('--out <file>', 'the recording; an existing file is not overwritten')
    .addOption(new Option('--profile <id>', 'the device; `fieldseal profiles list` names them').conflicts('baud'))
    .option('--folder <dir>', 'search this folder for the profile, too', collect)
    .option('--baud <rate>', 'without a profile: the baud rate (default: 9600)', positive('a baud rate'))
    .option('--seconds <n>', 'stop after so long', positive('a number of seconds'))
    .addOption(new Option('--log <level>', 'what to tell on standard error').choices(LOG_LEVELS).default('warn'))
    .addHelpText(
      'after',
      examples(
        'fieldseal capture /dev/ttyACM0 --profile gnss/ublox-neo-m9n --seconds 60 --out drive.capture',
        'fieldseal capture udp://:1700 --out hotspot.capture',
      ),
    )
    .action((port: string, options: CaptureOptions) => capture(io, port, options));
}

function positive(what: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError(`write ${what}`);
    return value;
  };
}

async function capture(io: CommandIo, path: string, options: CaptureOptions): Promise<void> {
  const profile = await profileOf(options);
  const recording = await Recording.create(options.out, path, profile, options.baud);
  const supervisor: PortSupervisor = new PortSupervisor(
    { source: 'capture', path, ...portOf(path, profile, options.baud) },
    {
      onBytes: (chunk, t, peer) => {
        recording.add(chunk, peer);
        return { frames: listener?.hear(chunk, t, peer) ?? 1 };
      },
      onQuiet: (t) => listener?.decoder.quiet(t),
      onOpen: (t) => listener?.decoder.opened?.(t),
      onTick: (t) => listener?.decoder.tick?.(t),
      log: createLog(options.log, logDestination(io.stderr, io.env)),
    },
  );
  const listener = profile && (await Listener.create(path, profile, supervisor));
  const enough = timer(options.seconds === undefined ? undefined : options.seconds * 1_000);
  await supervisor.run(AbortSignal.any([io.signal, recording.failed, enough.signal]));
  enough.clear();
  await recording.close();
  const { bytes, chunks, seconds } = recording;
  if (bytes === 0) answerNo(io);
  await printJson(io.stdout, { file: options.out, bytes, chunks, seconds, frames: listener?.decoder.stats.frames });
}

async function profileOf({ profile: id, folder = [] }: CaptureOptions): Promise<DeviceProfile | undefined> {
  if (id === undefined) return undefined;
  const profile = await loadProfile(id, [...folder, SHIPPED_PROFILES]);
  if (profile.folder !== undefined) throw new FieldsealError('USAGE', { detail: `${id} is no profile of a port` });
  return profile;
}

/** Without a profile nothing is known of what is valid: any byte is. */
const portOf = (path: string, profile: DeviceProfile | undefined, baud = 9_600) =>
  profile === undefined ? { baudRates: [baud], silenceMs: 3_600_000 } : portOptions(path, profile);

/** Understands the device as far as it takes to find its baud rate and to keep it talking. */
class Listener {
  readonly decoder: Decoder;

  private constructor(decoder: Decoder) {
    this.decoder = decoder;
  }

  static async create(path: string, profile: DeviceProfile, supervisor: PortSupervisor): Promise<Listener> {
    const createDecoder = await loadDecoder(profile);
    const options = decoderOptions(path, profile, Date.now(), (bytes, peer) => supervisor.send(bytes, peer));
    return new Listener(createDecoder(options));
  }

  hear(chunk: Uint8Array, t: number, peer: string | undefined): number {
    const before = this.decoder.frameCount;
    this.decoder.push(chunk, t, peer);
    return this.decoder.frameCount - before;
  }
}

/** The file that is being written. */
class Recording {
  readonly #encoder = new CaptureEncoder();
  readonly #began = performance.now();
  readonly #stream: WriteStream;
  readonly #failure = new AbortController();
  #error: FieldsealError | undefined;
  bytes = 0;
  chunks = 0;

  /** @throws FieldsealError FILE_NOT_WRITABLE */
  static async create(
    file: string,
    path: string,
    profile: DeviceProfile | undefined,
    baud: number | undefined,
  ): Promise<Recording> {
    const stream = createWriteStream(file, { flags: 'wx' });
    try {
      await once(stream, 'open');
    } catch (cause) {
      throw notWritable(file, cause);
    }
    const recording = new Recording(file, stream);
    stream.write(
      recording.#encoder.begin({
        start: Date.now(),
        path,
        datagrams: mediumOf(path) === 'udp',
        ...(profile === undefined ? {} : { profile: profile.id }),
        ...(baud === undefined ? {} : { baudRate: baud }),
      }),
    );
    return recording;
  }

  private constructor(file: string, stream: WriteStream) {
    this.#stream = stream;
    stream.on('error', (cause) => {
      this.#error ??= notWritable(file, cause);
      this.#failure.abort();
    });
  }

  /** Aborted when the disk takes no more. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  get seconds(): number {
    return Math.round(performance.now() - this.#began) / 1_000;
  }

  add(bytes: Uint8Array, peer: string | undefined): void {
    this.bytes += bytes.length;
    this.chunks += 1;
    const atMs = performance.now() - this.#began;
    this.#stream.write(this.#encoder.record(peer === undefined ? { atMs, bytes } : { atMs, bytes, peer }));
  }

  /** @throws FieldsealError FILE_NOT_WRITABLE where not all of it is in the file */
  async close(): Promise<void> {
    if (this.#error === undefined) {
      this.#stream.end();
      await Promise.race([once(this.#stream, 'close'), once(this.#failure.signal, 'abort')]);
    }
    if (this.#error !== undefined) throw this.#error;
  }
}

const notWritable = (file: string, cause: unknown): FieldsealError =>
  new FieldsealError('FILE_NOT_WRITABLE', { detail: reasonOf(cause), place: file, cause });
