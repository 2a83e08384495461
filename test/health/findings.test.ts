import { describe, expect, it } from 'vitest';
import { findingsOf, type GatewayStatus } from '../../daemon/health/index.ts';
import { NOW, sampleStatus } from '../page/sample.ts';

const well = sampleStatus();
const host = (fields: object): Partial<GatewayStatus> => ({
  recent: { ...well.recent!, host: { uptime: 1, ...fields } },
});

describe('what an operator should know', () => {
  it('is nothing where all is well', () => {
    expect(findingsOf(well, NOW)).toEqual([]);
  });

  it.each<[string, Partial<GatewayStatus>, string, string, string]>([
    ['a token that fails', { token: { state: 'recovering', trouble: 'TOKEN_FAILED' } }, 'bad', 'token', 'TOKEN_FAILED'],
    ['a token that is away', { token: { state: 'absent' } }, 'bad', 'token', 'absent'],
    ['a signature refused', { sealer: { ...well.sealer, trouble: 'PIN_WRONG' } }, 'bad', 'token', 'PIN_WRONG'],
    [
      'a disk that fails',
      { outbox: { ...well.outbox, durable: false, held: 3, trouble: 'ENOSPC' } },
      'bad',
      'disk',
      'ENOSPC',
    ],
    ['a silent journal', { journal: { readings: 1, bytes: 1, durable: false } }, 'bad', 'journal', 'not on the disk'],
    ['quarantine', { outbox: { ...well.outbox, quarantined: 2 } }, 'note', 'outbox', '2 proofs'],
    [
      'a port without its device',
      { sources: [{ ...well.sources[0]!, state: 'unplugged' }] },
      'bad',
      'port gnss',
      'unplugged',
    ],
    [
      'a device not configured',
      { sources: [{ ...well.sources[0]!, configured: 'failed', configureFailures: ['CFG-RATE'] }] },
      ...(['note', 'port gnss', 'CFG-RATE'] as const),
    ],
    ['no broker', { uplink: { ...well.uplink, connected: false } }, 'bad', 'broker', 'not connected'],
    ['no receipts', { outbox: { ...well.outbox, oldest: NOW - 3_600_000 } }, 'bad', 'verifier', '60 min'],
    ['no clock', { clock: { source: 'none', uncertaintyMs: 1, known: false } }, 'note', 'clock', 'nobody vouches'],
    [
      'a clock without a source',
      { clock: { source: 'none', uncertaintyMs: 1, known: true } },
      'note',
      'clock',
      'nobody',
    ],
    [
      'a flagged proof',
      { recent: { ...well.recent!, receipts: well.recent!.receipts.slice(3) } },
      'note',
      'verifier',
      'restart, time-order',
    ],
    ['under-voltage', host({ underVoltage: 1 }), 'bad', 'host', 'voltage'],
    ['heat', host({ cpuTemperature: 85_000 }), 'note', 'host', 'hot'],
    ['a full disk', host({ diskTotal: 1_000, diskAvailable: 20 }), 'bad', 'host', 'nearly full'],
  ])('is %s', (_, change, level, area, text) => {
    const found = findingsOf({ ...well, ...change }, NOW);
    expect(found).toEqual([{ level, area, text: expect.stringContaining(text) }]);
  });

  it('has the worst first', () => {
    const found = findingsOf(
      { ...well, outbox: { ...well.outbox, quarantined: 1 }, uplink: { ...well.uplink, connected: false } },
      NOW,
    );
    expect(found.map(({ level }) => level)).toEqual(['bad', 'note']);
  });
});
