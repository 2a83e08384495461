import { GnssDecoder } from '../../../daemon/protocols/gnss/decoder.ts';
import type { DecoderStats } from '../../../daemon/protocols/index.ts';
import { type JsonValue, type KindName, type Observation, readingToJson } from '../../../daemon/readings/index.ts';

export const REFERENCE = Date.UTC(2026, 0, 15);

export interface Decoded {
  readonly observations: Observation[];
  readonly stats: DecoderStats;
}

/** Decodes a whole stream in chunks of one size. */
export function decode(stream: Uint8Array, { chunk = 4096, referenceTime = REFERENCE } = {}): Decoded {
  const decoder = new GnssDecoder({ referenceTime });
  const observations: Observation[] = [];
  for (let at = 0; at < stream.length; at += chunk)
    observations.push(...decoder.push(stream.subarray(at, at + chunk), 0));
  observations.push(...decoder.end(0));
  return { observations, stats: decoder.stats };
}

/** The JSON views of a kind's readings in a stream, without the kind. */
export function readings(stream: Uint8Array, kind: KindName, referenceTime = REFERENCE): Record<string, JsonValue>[] {
  return decode(stream, { referenceTime })
    .observations.filter((observation) => observation.kind === kind)
    .map((observation) => {
      const { kind: _, ...fields } = readingToJson(observation);
      return fields;
    });
}
