import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { timer } from '../abort.ts';
import { parseYaml } from '../config/index.ts';
import { FieldsealError, reasonOf } from '../errors.ts';
import { type DeviceProfile, loadProfile, SHIPPED_PROFILES } from '../profiles/index.ts';
import { CaptureDecoder, isCapture } from '../serial/index.ts';
import {
  type FaultSpec,
  type LabDevice,
  type LabFiles,
  openLab,
  parseFaults,
  type RecordedChunk,
  type Scenario,
  type ScenarioDevice,
  scenarioSchema,
} from '../simulator/index.ts';
import { type CommandIo, examples, printLine, readNamedFile, readNamedJson } from './io.ts';

const YAML = /\.ya?ml$/;

interface SimulateOptions {
  link?: string;
  to?: string;
  baudPace?: true;
  faults?: FaultSpec;
  seed?: number;
  seconds?: number;
  folder: string[];
  json?: true;
}

export function simulateCommand(io: CommandIo): Command {
  return new Command('simulate')
    .description(
      'Plays a device on a virtual serial port: the one that a profile describes, or all of a scenario (docs/simulator.md). It ' +
        'speaks, obeys and answers as the device would, until it is told to stop.',
    )
    .argument('<what>', 'the id of a device profile, a scenario as a .yaml file, or a recording of `fieldseal capture`')
    .option(
      '--link <path>',
      'where the port is to be opened; with a scenario of several devices, the folder of their links',
    )
    .option('--to <host:port>', 'of a packet forwarder: where the gateway listens (default: 127.0.0.1:1700)')
    .option('--baud-pace', "let bytes out at the line's speed")
    .option('--faults <list>', 'what goes wrong, such as flip=0.001,drop=0.0005,garbage=0.01,unplug=30/3', parseFaults)
    .option('--seed <n>', 'of the drive, the sky and the faults', parseNumber)
    .option('--seconds <n>', 'end by itself after so long', parseNumber)
    .option('--folder <dir>', 'search this folder for profiles, too', (dir, dirs: string[]) => [...dirs, dir], [])
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      examples(
        'fieldseal simulate gnss/ublox-neo-m9n --link /tmp/gnss --baud-pace',
        'fieldseal simulate drive.yaml --link /tmp/ports --faults flip=0.001,unplug=30/3 --seed 7',
      ),
    )
    .action((what: string, options: SimulateOptions) => simulate(io, what, options));
}

async function simulate(io: CommandIo, what: string, options: SimulateOptions): Promise<void> {
  const read = await readScenario(what, options);
  const scenario = options.seed === undefined ? read : { ...read, seed: options.seed };
  const names = Object.keys(scenario.devices);
  const { link } = options;
  if (link !== undefined && names.length > 1) await makeFolder(link);
  const devices = openLab({
    scenario,
    files: await readFiles(scenario, isFile(what) ? dirname(what) : '.'),
    linkOf: (name) => (link === undefined ? undefined : names.length > 1 ? join(resolve(link), name) : resolve(link)),
    pacesBaud: options.baudPace ?? false,
    faults: options.faults,
    now: Date.now(),
  });
  const enough = timer(options.seconds === undefined ? undefined : options.seconds * 1_000);
  const stop = AbortSignal.any([io.signal, enough.signal]);
  try {
    for (const { name, model, path } of devices) await tell(io, options, { event: 'plugged', name, model, path });
    await Promise.all(devices.map((device) => device.play(stop)));
  } finally {
    enough.clear();
    for (const device of devices) device.close();
  }
  for (const device of devices) await tellEnd(io, options, device);
}

/** A scenario file, or the scenario of one device: of a recording, or of what a profile describes. */
async function readScenario(what: string, options: SimulateOptions): Promise<Scenario> {
  if (isFile(what) && !YAML.test(what)) {
    return scenarioSchema.parse({ devices: { recording: { model: 'recording', file: basename(what) } } });
  }
  if (isFile(what)) {
    const text = (await readNamedFile(what)).toString('utf8');
    const parsed = parseYaml(text, what, scenarioSchema);
    if ('value' in parsed) return parsed.value;
    const { kind, place, detail } = parsed.faults[0] ?? { place: what, detail: 'refused' };
    throw new FieldsealError('SCENARIO_INVALID', {
      detail: kind === 'unknown-key' ? `unknown key ${detail}` : detail,
      place,
    });
  }
  const profile = await loadProfile(what, [...options.folder, SHIPPED_PROFILES]);
  const name = what.split('/').at(-1) ?? what;
  return scenarioSchema.parse({ devices: { [name]: modelOf(profile, options) } });
}

/** The model that stands for a profile's device. */
function modelOf({ id, protocol, serial, settings }: DeviceProfile, { to }: SimulateOptions): object {
  const model = modelName(id, protocol);
  if (model === undefined) {
    const detail = `no model of a device that speaks ${protocol}: play a recording of it with a scenario`;
    throw new FieldsealError('USAGE', { detail, place: 'fieldseal simulate' });
  }
  if (model === 'packet-forwarder') return to === undefined ? { model } : { model, to };
  const baudRate = serial?.baudRates[0];
  const dialect = model === 'at-modem' && settings['dialect'] !== undefined ? { dialect: settings['dialect'] } : {};
  return { model, ...(baudRate === undefined ? {} : { baudRate }), ...dialect };
}

function modelName(id: string, protocol: string): ScenarioDevice['model'] | undefined {
  switch (protocol) {
    case 'gnss':
      if (id.startsWith('dashcam/')) return 'dashcam';
      return id.includes('ublox') ? 'ublox' : 'nmea';
    case 'adsb':
      return 'beast';
    case 'semtech-udp':
      return 'packet-forwarder';
    case 'wio-e5':
    case 'rn2483':
    case 'rak3172':
    case 'at-modem':
      return protocol;
    default:
      return undefined;
  }
}

/** The files that a scenario names, relative to its own. */
async function readFiles({ devices }: Scenario, folder: string): Promise<LabFiles> {
  const lines = new Map<string, unknown>();
  const recordings = new Map<string, readonly RecordedChunk[] | Uint8Array>();
  for (const device of Object.values(devices)) {
    if ('drive' in device && typeof device.drive.line === 'string') {
      const { line } = device.drive;
      lines.set(line, await readNamedJson(resolve(folder, line), 'SCENARIO_INVALID'));
    }
    if ('file' in device)
      recordings.set(device.file, recordingOf(await readNamedFile(resolve(folder, device.file)), device.file));
  }
  return { lines, recordings };
}

function recordingOf(bytes: Uint8Array, place: string): readonly RecordedChunk[] | Uint8Array {
  const invalid = (detail: string) => new FieldsealError('SCENARIO_INVALID', { detail, place });
  if (!isCapture(bytes)) {
    if (bytes.length === 0) throw invalid('the recording is empty');
    return bytes;
  }
  const decoder = new CaptureDecoder();
  const chunks = decoder.push(bytes).map((record) => ({ ms: record.atMs, bytes: record.bytes }));
  if (decoder.header?.datagrams === true) throw invalid('it is one of datagrams: no serial port brings those');
  if (chunks.length === 0) throw invalid('the recording is empty');
  return chunks;
}

async function tell({ stdout }: CommandIo, { json }: SimulateOptions, event: Record<string, unknown>): Promise<void> {
  await printLine(stdout, json ? JSON.stringify(event) : `${event['name']}: ${event['model']} at ${event['path']}`);
}

async function tellEnd({ stdout }: CommandIo, { json }: SimulateOptions, device: LabDevice): Promise<void> {
  const stats = device.stats();
  const words = Object.entries(stats).map(([name, count]) => `${count} ${name}`);
  await printLine(
    stdout,
    json
      ? JSON.stringify({ event: 'ended', name: device.name, model: device.model, ...stats })
      : `${device.name}: ${words.join(', ')}`,
  );
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_WRITABLE', { detail: reasonOf(cause), place: path, cause });
  }
}

/** A scenario is a file that is there, or that the name can only mean. */
const isFile = (what: string): boolean =>
  YAML.test(what) || statSync(what, { throwIfNoEntry: false })?.isFile() === true;

function parseNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('write a whole number');
  return value;
}
