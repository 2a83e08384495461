import type { DeviceConfiguration, ProtocolSettings } from '../../daemon/protocols/index.ts';
import type { Observation } from '../../daemon/readings/index.ts';
import type { Device } from '../../daemon/simulator/device.ts';
import { createDecoder } from '../support/decoders.ts';

export const START = Date.UTC(2026, 4, 1, 12);

/** What a decoder makes of a device that it may talk to, in a time of its own that runs as fast as it can. */
export function converse(
  device: Device,
  protocol: string,
  {
    seconds,
    settings = {},
    configure,
    deaf = false,
  }: { seconds: number; settings?: ProtocolSettings; configure?: DeviceConfiguration; deaf?: boolean },
) {
  let now = 0;
  const sent: string[] = [];
  const answers: Uint8Array[] = [];
  const decoder = createDecoder(
    { name: protocol },
    {
      referenceTime: START,
      settings,
      ...(configure === undefined ? {} : { configure }),
      send: (bytes) => {
        sent.push(Buffer.from(bytes).toString('latin1'));
        if (!deaf) answers.push(device.answer?.(bytes, now) ?? new Uint8Array(0));
      },
    },
  );
  if (decoder === undefined) throw new Error(`no protocol ${protocol}`);
  const observations: Observation[] = [];
  const take = (some: readonly Observation[] = []) => observations.push(...some);
  const hear = () => {
    for (let bytes = answers.shift(); bytes !== undefined; bytes = answers.shift()) {
      if (bytes.length > 0) take(decoder.push(bytes, START + now));
    }
  };
  take(decoder.opened?.(START));
  for (let index = 0; now < seconds * 1_000; index++) {
    hear();
    const said = device.epoch(now, index);
    if (said.length > 0) take(decoder.push(said, START + now));
    take(decoder.tick?.(START + now));
    now += device.periodMs;
  }
  hear();
  take(decoder.end(START + now));
  return { observations, stats: decoder.stats, sent };
}

/** Observations of a kind. */
export const ofKind = (observations: readonly Observation[], kind: string) =>
  observations.filter((observation) => observation.kind === kind);
