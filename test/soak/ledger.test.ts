import { describe, expect, it } from 'vitest';

interface Check {
  readonly what: string;
  readonly ok: boolean;
}

const LEDGER = new URL('../../scripts/soak/ledger.mjs', import.meta.url).href;
const { checkLedger, sourceLedger } = (await import(LEDGER)) as {
  checkLedger(facts: object): Check[];
  sourceLedger(source: object): object;
};

const status = {
  ...{
    source: 'gnss',
    state: 'running',
    bytes: 900,
    frameBytes: 850,
    frames: { nmea: 10 },
    overflowBytes: 0,
    reopens: 1,
  },
  ...{ noise: { checksum: 30, sync: 20 }, readings: { 'gnss.fix': 8, 'gnss.sky': 2 } },
};
const device = { bytes: 1_000, unread: 100, unplugs: 1 };
const books = { sealed: { proofs: 2, readings: 9 }, declared: { 'signer-backlog': 1 }, waiting: 0, outbox: 0 };
const growth = { handles: [50, 50], rssMegabytes: [140, 150] };
const accepted = { proofs: 2, readings: 9, others: 0 };

const failures = ({ ofStatus = {}, ofDevice = {}, ofBooks = {}, ofAccepted = {}, ofGrowth = {} }) =>
  checkLedger({
    sources: [sourceLedger({ status: { ...status, ...ofStatus }, device: { ...device, ...ofDevice } })],
    ...{ ...books, ...ofBooks },
    accepted: { ...accepted, ...ofAccepted },
    growth: { ...growth, ...ofGrowth },
  })
    .filter(({ ok }) => !ok)
    .map(({ what }) => what);

describe('the books of a soak', () => {
  it('balance where they do', () => {
    expect(failures({})).toEqual([]);
  });

  it.each([
    ['a byte that came from nowhere', { ofStatus: { bytes: 901, frameBytes: 851 } }, /bytes written/],
    ['a byte that is gone', { ofDevice: { bytes: 1_001 } }, /bytes written/],
    ['a byte of no frame and no noise', { ofStatus: { frameBytes: 849 } }, /bytes in =/],
    ['a protocol that does not count its frames', { ofStatus: { frameBytes: undefined } }, /bytes in =/],
    ['a reading that was not sealed', { ofStatus: { readings: { 'gnss.fix': 11 } } }, /readings kept/],
    ['a loss that nobody declared', { ofBooks: { declared: {} } }, /readings kept/],
    [
      'a reading that waits',
      { ofBooks: { waiting: 1 }, ofStatus: { readings: { 'gnss.fix': 11 } } },
      /wait to be sealed/,
    ],
    ['a proof that the verifier lacks', { ofAccepted: { proofs: 1 } }, /proofs sealed/],
    ['a reading that the verifier lacks', { ofAccepted: { readings: 8 } }, /readings sealed/],
    ['a proof that waits', { ofBooks: { outbox: 1 }, ofAccepted: { proofs: 1 } }, /outbox = 0/],
    ['handles that are not closed', { ofGrowth: { handles: [50, 59] } }, /handles/],
    ['memory that grows', { ofGrowth: { rssMegabytes: [140, 180] } }, /RSS/],
    ['a proof that was flagged', { ofAccepted: { others: 1 } }, /not accepted/],
    [
      'a device that was not understood',
      { ofStatus: { readings: {} }, ofBooks: { sealed: { proofs: 2, readings: -1 } } },
      /has readings/,
    ],
  ])('do not balance with %s', (_name, change, what) => {
    expect(failures(change)).toContainEqual(expect.stringMatching(what));
  });
});
