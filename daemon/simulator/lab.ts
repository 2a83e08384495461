import { AtModem } from './at-modem.ts';
import { BeastReceiver } from './beast-receiver.ts';
import type { Device } from './device.ts';
import { type FaultSpec, lineFaults, parseFaults } from './fault-spec.ts';
import { driveAlong } from './geojson.ts';
import { GnssDevice } from './gnss-device.ts';
import { LoraAir } from './lora-air.ts';
import { type ForwarderStats, PacketForwarder } from './packet-forwarder.ts';
import { type LineStats, PluggedDevice } from './plugged-device.ts';
import { Rak3172 } from './rak3172.ts';
import { chunksOf, type RecordedChunk, Recording } from './recording.ts';
import { Rn2483 } from './rn2483.ts';
import type { ModelName, Scenario, ScenarioDevice } from './scenario.ts';
import { Track } from './track.ts';
import { createReceiver } from './virtual-device.ts';
import { WioE5 } from './wio-e5.ts';

/** What a scenario names and somebody else has read: lines as JSON, recordings as bytes with or without times. */
export interface LabFiles {
  readonly lines: ReadonlyMap<string, unknown>;
  readonly recordings: ReadonlyMap<string, readonly RecordedChunk[] | Uint8Array>;
}

export interface LabOptions {
  readonly scenario: Scenario;
  readonly files: LabFiles;
  /** The absolute path of a device's link; undefined: one in a folder of its own. */
  readonly linkOf?: (name: string) => string | undefined;
  /** Lets bytes out at the lines' speeds. */
  readonly pacesBaud?: boolean;
  /** For every device that has none of its own. */
  readonly faults?: FaultSpec | undefined;
  readonly waitsForOpener?: boolean;
  /** What the scenario's time is when it begins, where it doesn't say so; ms since the Unix epoch. */
  readonly now: number;
}

/** A device of the lab: on a line, or a client in the network. */
export interface LabDevice {
  readonly name: string;
  readonly model: ModelName;
  /** Where to open it, or where it sends to. */
  readonly path: string;
  stats(): LineStats | ForwarderStats;
  /** Speaks until the signal; what it has made stays until close(). */
  play(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** The speeds that the devices come with. */
export const MODEL_BAUD_RATES: Readonly<Record<Exclude<ModelName, 'packet-forwarder'>, number>> = {
  nmea: 9_600,
  ublox: 115_200,
  dashcam: 115_200,
  'wio-e5': 9_600,
  rn2483: 57_600,
  rak3172: 115_200,
  beast: 3_000_000,
  'at-modem': 115_200,
  recording: 9_600,
};

/**
 * Makes a scenario's devices and plugs them in, silent as yet.
 *
 * @throws FieldsealError SCENARIO_INVALID, USAGE (faults), FILE_NOT_WRITABLE (a link)
 */
export function openLab(options: LabOptions): LabDevice[] {
  const opened: LabDevice[] = [];
  try {
    for (const [index, [name, device]] of Object.entries(options.scenario.devices).entries()) {
      opened.push(openDevice(options, name, device, options.scenario.seed * 31 + index));
    }
  } catch (error) {
    for (const device of opened) device.close();
    throw error;
  }
  return opened;
}

function openDevice(options: LabOptions, name: string, device: ScenarioDevice, seed: number): LabDevice {
  if (device.model === 'packet-forwarder') return openForwarder(name, device, seed);
  const faults = device.faults === undefined ? options.faults : parseFaults(device.faults);
  const model = createModel(options, device, seed, faults);
  const plugged = new PluggedDevice({
    device: model,
    name: options.linkOf?.(name) ?? name,
    baudRate: options.pacesBaud ? (device.baudRate ?? MODEL_BAUD_RATES[device.model]) : undefined,
    faults: faults === undefined ? undefined : lineFaults(faults, model.periodMs, seed),
    waitsForOpener: options.waitsForOpener ?? false,
  });
  return {
    name,
    model: device.model,
    path: plugged.open(),
    stats: () => plugged.stats,
    play: (signal) => plugged.play(signal),
    close: () => plugged.close(),
  };
}

function openForwarder(
  name: string,
  device: Extract<ScenarioDevice, { model: 'packet-forwarder' }>,
  seed: number,
): LabDevice {
  const split = device.to.lastIndexOf(':');
  const host = device.to.slice(0, split).replace(/^\[|\]$/g, '');
  const port = Number(device.to.slice(split + 1));
  const forwarder = new PacketForwarder({ air: airOf(device, seed), host, port, seed, deaf: device.deaf });
  return {
    name,
    model: device.model,
    path: `udp://${device.to}`,
    stats: () => forwarder.stats,
    play: (signal) => forwarder.run(signal),
    close: () => {},
  };
}

function createModel(
  { scenario, files, now }: LabOptions,
  device: Exclude<ScenarioDevice, { model: 'packet-forwarder' }>,
  seed: number,
  faults: FaultSpec | undefined,
): Device {
  switch (device.model) {
    case 'nmea':
    case 'ublox':
    case 'dashcam': {
      const { line, speed, noise } = device.drive;
      const geojson = typeof line === 'string' ? files.lines.get(line) : line;
      const start = scenario.start === undefined ? now : Date.parse(scenario.start);
      const waypoints = geojson === undefined ? {} : { waypoints: driveAlong(geojson) };
      const track = new Track({ start, seed, cruise: speed, noise, ...waypoints });
      const receiver = createReceiver(device.model, device.rate, seed);
      return new GnssDevice({ receiver, track, rateHz: device.rate, clock: faults?.clock });
    }
    case 'wio-e5':
      return new WioE5(airOf(device, seed));
    case 'rn2483':
      return new Rn2483(airOf(device, seed));
    case 'rak3172':
      return new Rak3172(airOf(device, seed));
    case 'beast':
      return new BeastReceiver({ seed, aircraft: device.aircraft, station: device.station });
    case 'at-modem':
      return new AtModem(device.dialect, seed, device.cell);
    case 'recording': {
      const recorded = files.recordings.get(device.file) ?? [];
      const baudRate = device.baudRate ?? MODEL_BAUD_RATES.recording;
      return new Recording(recorded instanceof Uint8Array ? chunksOf(recorded, baudRate) : recorded, device.speed);
    }
  }
}

function airOf(
  { nodes, interval, spoilt }: { nodes: number; interval: number; spoilt: number },
  seed: number,
): LoraAir {
  return new LoraAir({ seed, nodes, intervalMs: interval, bad: spoilt });
}
