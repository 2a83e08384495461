import { GnssDevice } from '../../dist/simulator/gnss-device.js';
import { createReceiver, Track } from '../../dist/simulator/index.js';
import { PluggedDevice } from '../../dist/simulator/plugged-device.js';

const RATE_HZ = 10;
/** NMEA gives hundredths of a second. */
const TICK_MS = 100;

/** A 10 Hz receiver on a pseudo-terminal that keeps which fixes it gave, and when. It is silent while nobody listens. */
class Receiver {
  /** Time of the fix as the receiver has it (ISO 8601) to when it was said, ms since the Unix epoch. */
  fixes = new Map();
  source;
  #device;

  constructor(model, seed) {
    this.source = model;
    const start = Math.ceil(Date.now() / TICK_MS) * TICK_MS;
    const receiver = createReceiver(model, RATE_HZ, seed);
    const gnss = new GnssDevice({ receiver, track: new Track({ start, seed }), rateHz: RATE_HZ });
    const { fixes } = this;
    this.#device = new PluggedDevice({
      device: {
        get periodMs() {
          return gnss.periodMs;
        },
        epoch(ms, index) {
          fixes.set(new Date(start + ms).toISOString(), Date.now());
          return gnss.epoch(ms, index);
        },
        answer: (bytes) => gnss.answer(bytes),
        reset: () => gnss.reset(),
      },
      name: model,
      waitsForOpener: true,
    });
  }

  /** Where the daemon finds it. */
  open() {
    return this.#device.open();
  }

  /** Speaks until the signal; the port stays until close(). */
  play(signal) {
    return this.#device.play(signal);
  }

  close() {
    this.#device.close();
  }
}

export const makeReceivers = (seed) => ['nmea', 'ublox'].map((model, index) => new Receiver(model, seed * 2 + index));

/** A profile that keeps every fix. */
export const profileYaml = (model) => `id: torture/${model}
title: A receiver on the rack
protocol: gnss
serial: { baudRates: [115200], silence: 10s }
readings: { gnss.fix: {}, gnss.sky: { every: 2s } }
`;
