import { describe, expect, it } from 'vitest';
import { distance } from '../../../daemon/protocols/adsb/cpr.ts';
import { AdsbDecoder } from '../../../daemon/protocols/adsb/decoder.ts';
import { checkRanges } from '../../../daemon/readings/index.ts';
import { Aircraft } from '../../../daemon/simulator/aircraft.ts';
import { avr } from './wire.ts';

const STATIONS = [
  { lat: 47.4582, lon: 8.5555 },
  { lat: -33.946, lon: 151.177 },
  { lat: 0.02, lon: -0.02 },
  { lat: 64.13, lon: 179.9 },
];

describe('a simulated aircraft, whose encoder is another', () => {
  it.each(STATIONS)('is found where it flies, near $lat $lon', (station) => {
    const aircraft = new Aircraft(7, station);
    const decoder = new AdsbDecoder({ referenceTime: 0, settings: {} });
    let found = 0;
    for (let ms = 0; ms < 60_000; ms += 500) {
      const said = [aircraft.position(ms, ms % 1_000 === 500), aircraft.velocity(ms), aircraft.identification()];
      const observations = said.flatMap((message) => decoder.push(avr(Buffer.from(message).toString('hex')), ms));
      const truth = aircraft.at(ms);
      for (const { kind, fields } of observations) {
        expect(checkRanges(kind, fields)).toEqual([]);
        if (kind !== 'adsb.position') continue;
        found++;
        expect(distance({ lat: fields.lat / 1e7, lon: fields.lon / 1e7 }, truth)).toBeLessThan(10);
        expect((fields.altitude ?? 0) / 304.8).toBeCloseTo(truth.altitude, 0);
      }
    }
    expect(found).toBe(119);
    expect(decoder.stats).toMatchObject({ noise: {}, frames: { avr: 360 } });
  });
});
