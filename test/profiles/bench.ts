import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decoderOptions } from '../../daemon/port-source.ts';
import type { DeviceProfile } from '../../daemon/profiles/index.ts';
import type { BeaconRequest, Decoder, DecoderStats } from '../../daemon/protocols/index.ts';
import type { Observation } from '../../daemon/readings/index.ts';
import type { Device } from '../../daemon/simulator/device.ts';
import { PacketForwarder, type PacketForwarderOptions } from '../../daemon/simulator/packet-forwarder.ts';
import { createDecoder } from '../support/decoders.ts';

/** When the devices are switched on. */
export const START = Date.parse('2026-03-01T10:00:00.000Z');
const TICK_MS = 250;

const BEACON: BeaconRequest = {
  payload: Buffer.from('here'),
  frequency: 868_300_000,
  spreadingFactor: 7,
  bandwidth: 125_000,
  codingRate: 5,
  power: 14,
};

export interface Played {
  readonly observations: readonly Observation[];
  readonly stats: DecoderStats;
}

/** Connects a profile's decoder to a device in memory, in time that passes at once. Radios are asked for a beacon at half-time. */
export function playDevice(profile: DeviceProfile, device: Device, lengthMs: number): Played {
  const observations: Observation[] = [];
  const said: Uint8Array[] = [];
  let ms = 0;
  const options = decoderOptions('/dev/ttyS0', profile, START, (bytes) => {
    const answer = device.answer?.(bytes, ms);
    if (answer !== undefined && answer.length > 0) said.push(answer);
  });
  const decoder = createDecoder({ name: profile.protocol }, options);
  const take = (more: readonly Observation[] = []) => observations.push(...more);
  const hear = (): void => {
    for (let bytes = said.shift(); bytes !== undefined; bytes = said.shift()) take(decoder.push(bytes, START + ms));
  };
  take(decoder.opened?.(START));
  let asked = false;
  for (let index = 0, tick = 0; ms < lengthMs; index++) {
    said.push(device.epoch(ms, index));
    hear();
    take(decoder.quiet(START + ms));
    ms += device.periodMs;
    for (; tick <= ms; tick += TICK_MS) take(decoder.tick?.(START + tick));
    hear();
    if (!asked && ms > lengthMs / 2) asked = askForBeacon(decoder, ms);
    hear();
  }
  take(decoder.end(START + ms));
  return { observations, stats: decoder.stats };
}

/** Connects a profile's decoder to a packet forwarder over UDP, until there is enough. */
export async function playForwarder(
  profile: DeviceProfile,
  options: Pick<PacketForwarderOptions, 'air' | 'seed'>,
  isEnough: (observations: readonly Observation[]) => boolean,
): Promise<Played> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const setUp = decoderOptions(`udp://127.0.0.1:${port}`, profile, START, (bytes, peer = '') => {
    const [host, to] = peer.split(':');
    socket.send(bytes, Number(to), host);
  });
  const decoder = createDecoder({ name: profile.protocol }, setUp);
  const observations: Observation[] = [];
  const stop = new AbortController();
  const beacon = { isAsked: false };
  socket.on('message', (message, { address, port: from }) => {
    observations.push(...decoder.push(message, Date.now(), `${address}:${from}`));
    if (!beacon.isAsked) beacon.isAsked = askForBeacon(decoder, Date.now() - START);
    if (isEnough(observations)) stop.abort();
  });
  await new PacketForwarder({ ...options, host: '127.0.0.1', port }).run(stop.signal);
  socket.close();
  return { observations, stats: decoder.stats };
}

const askForBeacon = (decoder: Decoder, ms: number): boolean => decoder.transmit?.(BEACON, START + ms) ?? false;
