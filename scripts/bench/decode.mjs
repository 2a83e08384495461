import { createDecoder } from './decoders.mjs';
import { median, round, seconds } from './measure.mjs';
import { gnssStreams } from './streams.mjs';

const CHUNK = 4_096;

/** MB/s and readings/s of the GNSS decoder, in chunks of 4 KiB. */
export async function benchDecode() {
  const { origin, ...streams } = gnssStreams();
  const results = { origin };
  for (const [name, stream] of Object.entries(streams)) {
    let readings = 0;
    const time = await median(() => {
      readings = 0;
      return seconds(() => {
        readings = decode(stream);
      });
    });
    results[name] = {
      megabytesPerSecond: round(stream.length / 1e6 / time.median),
      readingsPerSecond: round(readings / time.median),
      bytes: stream.length,
      readings,
    };
  }
  return results;
}

function decode(stream) {
  const decoder = createDecoder('gnss', { referenceTime: Date.UTC(2020, 0) });
  let readings = 0;
  for (let at = 0; at < stream.length; at += CHUNK) readings += decoder.push(stream.subarray(at, at + CHUNK), 0).length;
  return readings + decoder.end(0).length;
}
