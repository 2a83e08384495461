import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReceiver, Track } from '../../dist/simulator/index.js';

const START = Date.UTC(2026, 5, 1, 12);
const SIZE = 8 * 1_024 * 1_024;

/** Byte streams to decode: recordings where the corpus is there, else what the simulator makes. Each about 8 MiB. */
export function gnssStreams() {
  const folder = join(
    process.env.FIELDSEAL_CORPORA ?? fileURLToPath(new URL('../../../shared/corpora', import.meta.url)),
    'gpsd',
  );
  if (!existsSync(folder)) {
    const [nmea, ubx] = [simulated('nmea', 5), simulated('ublox', 10)];
    return { origin: 'simulated', nmea: fill([nmea]), ubx: fill([ubx]), mixed: fill([nmea, ubx]) };
  }
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
  const pick = (wanted) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.bin') && wanted(index[name.slice(0, -4)]))
      .map((name) => readFileSync(join(folder, name)));
  return {
    origin: 'recorded',
    nmea: fill(pick((log) => log.nmea > 0 && log.ubx === 0 && log.rtcm3 === 0)),
    ubx: fill(pick((log) => log.ubx > 0 && log.nmea === 0)),
    mixed: fill(pick(() => true)),
  };
}

/** Ten minutes of a simulated receiver. */
export function simulated(model, rateHz, durationMs = 600_000) {
  const track = new Track({ start: START, seed: 7 });
  const receiver = createReceiver(model, rateHz, 7);
  const parts = [];
  for (let i = 0, ms = 0; ms < durationMs; i += 1, ms = Math.round((i * 1_000) / rateHz))
    parts.push(receiver.epoch(track.at(ms), ms, i));
  return Buffer.concat(parts);
}

function fill(recordings) {
  const once = Buffer.concat(recordings);
  return Buffer.concat(Array.from({ length: Math.ceil(SIZE / once.length) }, () => once));
}
