import { describe, expect, it } from 'vitest';
import { CellularDecoder } from '../../../daemon/protocols/cellular/decoder.ts';
import { checkRanges, type Observation } from '../../../daemon/readings/index.ts';
import { AtModem, MODEM_DIALECTS } from '../../../daemon/simulator/at-modem.ts';
import { json } from './modem.ts';

describe('a simulated modem', () => {
  it.each(MODEM_DIALECTS)('of the dialect %s is asked every ten seconds, through its handovers', (dialect) => {
    const modem = new AtModem(dialect, 3);
    const line: Uint8Array[] = [];
    const observations: Observation[] = [];
    let now = 0;
    const decoder = new CellularDecoder({
      referenceTime: 0,
      settings: { dialect, interval: 10_000 },
      send: (bytes) => line.push(modem.answer(bytes)),
    });
    const carry = (): void => {
      for (let next = line.shift(); next !== undefined; next = line.shift())
        observations.push(...decoder.push(next, now));
    };
    observations.push(...decoder.opened(now));
    for (carry(); now < 120_000; now += 100) {
      line.push(modem.epoch(now));
      observations.push(...decoder.tick(now));
      carry();
    }
    for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
    const serving = observations.filter(({ kind }) => kind === 'cell.serving').map(json);
    expect(serving).toHaveLength(12);
    for (const cell of serving)
      expect(cell).toMatchObject({ rat: 3, registration: 1, tac: 0x1a2b, operator: 'Test network' });
    expect(new Set(serving.map(({ cellId }) => cellId)).size).toBe(6);
    expect(serving.every(({ rsrp }) => Number(rsrp) < -60)).toBe(true);
    expect(observations.length - serving.length).toBe(dialect === 'quectel' ? 24 : 0);
    expect(decoder.stats.noise).toEqual({});
  });
});
