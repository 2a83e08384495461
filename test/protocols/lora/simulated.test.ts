import { describe, expect, it } from 'vitest';
import type { Protocol } from '../../../daemon/protocols/index.ts';
import { rak3172, rn2483, wioE5 } from '../../../daemon/protocols/lora/index.ts';
import type { Observation } from '../../../daemon/readings/index.ts';
import type { Device } from '../../../daemon/simulator/device.ts';
import { LoraAir } from '../../../daemon/simulator/lora-air.ts';
import { Rak3172 } from '../../../daemon/simulator/rak3172.ts';
import { Rn2483 } from '../../../daemon/simulator/rn2483.ts';
import { WioE5 } from '../../../daemon/simulator/wio-e5.ts';
import { createDecoder } from '../../support/decoders.ts';
import { BEACON, expectBalance, expectInRange } from './support.ts';

const STEP_MS = 50;

/** A simulated radio and its decoder, joined without a line; time is counted, not waited for. */
class Bench {
  readonly device: Device;
  readonly decoder;
  readonly observations: Observation[] = [];
  #now = 0;
  #answers: Uint8Array[] = [];

  constructor(protocol: Protocol, device: Device) {
    this.device = device;
    this.decoder = createDecoder(protocol, {
      referenceTime: 0,
      send: (bytes) => this.#answers.push(device.answer?.(bytes, this.#now) ?? new Uint8Array()),
    });
  }

  run(ms: number): this {
    for (const end = this.#now + ms; this.#now < end; this.#now += STEP_MS) {
      const { decoder } = this;
      this.#keep(decoder.push(this.device.epoch(this.#now, this.#now / STEP_MS), this.#now));
      if (this.#now % 250 === 0) this.#keep(decoder.tick?.(this.#now));
      for (let answer = this.#answers.shift(); answer !== undefined; answer = this.#answers.shift()) {
        this.#keep(decoder.push(answer, this.#now));
      }
      this.#keep(decoder.quiet(this.#now));
    }
    return this;
  }

  open(): this {
    this.#keep(this.decoder.opened?.(this.#now));
    return this.run(1_000);
  }

  transmit(): boolean {
    return this.decoder.transmit?.(BEACON, this.#now) ?? false;
  }

  take(): Observation[] {
    const taken = this.observations.splice(0);
    expectInRange(taken);
    return taken;
  }

  #keep(observations: readonly Observation[] = []): void {
    this.observations.push(...observations);
  }
}

const MINUTES = 10 * 60_000;
const RADIOS: [name: string, protocol: Protocol, device: (air: LoraAir) => Device][] = [
  ['Wio-E5', wioE5, (air) => new WioE5(air)],
  ['RN2483', rn2483, (air) => new Rn2483(air)],
  ['RAK3172', rak3172, (air) => new Rak3172(air)],
];

describe.each(RADIOS)('a simulated %s', (_, protocol, device) => {
  const air = (): LoraAir => new LoraAir({ seed: 7, nodes: 5, intervalMs: 9_000, bad: 0.1 });
  const uplinks = (bench: Bench): Observation[] => bench.take().filter(({ kind }) => kind === 'lora.uplink');
  const sound = (from: number, to: number): string[] =>
    air()
      .between(from, to)
      .filter(({ isBad }) => !isBad)
      .map(({ payload }) => Buffer.from(payload).toString('hex'));

  it('has every sound packet of ten minutes read, with its quality', () => {
    const bench = new Bench(protocol, device(air())).open();
    bench.take();
    const heard = uplinks(bench.run(MINUTES));
    const expected = sound(1_000, 1_000 + MINUTES - STEP_MS);
    const payloads = heard.map(({ fields }) =>
      'payload' in fields ? Buffer.from(fields.payload ?? []).toString('hex') : '',
    );
    expect(expected.length).toBeGreaterThan(250);
    // Two packets within one step of the clock find an RN2483 that has not been told to listen again.
    expect(payloads.filter((payload) => expected.includes(payload)).length).toBeGreaterThan(expected.length * 0.97);
    expect(heard.filter(({ fields }) => 'snr' in fields && 'rssi' in fields)).toHaveLength(heard.length);
    expect(bench.decoder.stats.configured).toBe('done');
    bench.decoder.end(0);
    expectBalance(bench.decoder.stats);
    expect(bench.decoder.stats.noise).toEqual({});
  });

  it('transmits, and listens again', () => {
    const bench = new Bench(protocol, device(air())).open();
    bench.take();
    expect(bench.transmit()).toBe(true);
    bench.run(2_000);
    expect(bench.take().filter(({ kind }) => kind === 'lora.beacon')).toMatchObject([{ fields: { result: 0 } }]);
    expect(uplinks(bench.run(60_000)).length).toBeGreaterThan(20);
  });

  it('that lost its power unnoticed is set up again', () => {
    const bench = new Bench(protocol, device(air())).open().run(60_000);
    bench.device.reset?.();
    bench.run(MINUTES);
    bench.take();
    expect(uplinks(bench.run(60_000)).length).toBeGreaterThan(20);
  });
});
