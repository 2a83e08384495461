import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../daemon/health/metrics.ts';
import { NOW, partsFor, sampleStatus } from '../page/sample.ts';

const well = sampleStatus();
const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

async function scrape(changes: Parameters<typeof sampleStatus>[0] = {}, parts: Parameters<typeof partsFor>[1] = {}) {
  return createMetrics(partsFor({ ...well, ...changes }, parts)).metrics();
}

const sample = (text: string, name: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    ?.split(' ')
    .at(-1);

describe('the metrics', () => {
  it.skipIf(!hasPromtool)(`are as Prometheus has them${hasPromtool ? '' : ' (skipped: no promtool)'}`, async () => {
    const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: ownOnly(await scrape()),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('end in _total where they count, and in their unit where they measure', async () => {
    const types = [...(await scrape()).matchAll(/^# TYPE (fieldseal_\w+) (\w+)$/gm)];
    expect(types.length).toBeGreaterThan(40);
    for (const [, name, type] of types) expect(name?.endsWith('_total'), name).toBe(type === 'counter');
    expect(types.filter(([, name]) => /_(ms|milliseconds|minutes|kb|mb)$/.test(name ?? ''))).toEqual([]);
  });

  it.each([
    ['build_info{version="0.1.0"', {}, '1'],
    ['token_ok', { token: { state: 'recovering', trouble: 'TOKEN_FAILED' } }, '0'],
    ['token_state{state="pin-latched"}', { token: { state: 'pin-latched' } }, '1'],
    ['outbox_durable', { outbox: { ...well.outbox, durable: false } }, '0'],
    ['outbox_held_proofs', { outbox: { ...well.outbox, held: 12 } }, '12'],
    ['outbox_oldest_seconds', { outbox: { ...well.outbox, oldest: NOW - 90_000 } }, '90'],
    ['journal_durable', {}, '1'],
    ['journal_readings', {}, '318'],
    ['clock_known', { clock: { source: 'none', uncertaintyMs: 1, known: false } }, '0'],
    ['clock_offset_seconds', { clock: { source: 'ntp', uncertaintyMs: 1, offsetMs: -1_500 } }, '-1.5'],
    ['clock_uncertainty_seconds', {}, '0.012'],
    ['clock_steps_total', { clock: { source: 'ntp', uncertaintyMs: 1, steps: 2 } }, '2'],
    ['receipts_total{verdict="flagged"}', {}, '2'],
    [
      'receipts_bad_by_reason_total{reason="signature"}',
      { uplink: { ...well.uplink, badReceiptsBy: { signature: 4 } } },
      '4',
    ],
    ['receipt_reasons_total{reason="restart"}', { recent: { ...well.recent!, receiptReasons: { restart: 5 } } }, '5'],
    ['gnss_satellites_used{source="gnss"}', {}, '20'],
    ['host_cpu_temperature_celsius', {}, '54.3'],
    ['healthy', {}, '1'],
  ])('tell %s', async (name, changes, value) => {
    const text = await scrape(changes);
    const line = text.split('\n').find((one) => one.startsWith(`fieldseal_${name}`) && !one.startsWith('#'));
    expect(line?.split(' ').at(-1)).toBe(value);
  });

  it('say that a room hangs', async () => {
    expect(sample(await scrape({}, { unhealthy: () => 'sealer' }), 'fieldseal_healthy')).toBe('0');
  });

  it('have no sample for what is not known', async () => {
    const { journal: _, token: __, ...rest } = well;
    const text = await createMetrics(partsFor({ ...rest, clock: { source: 'none', uncertaintyMs: 0 } })).metrics();
    for (const name of ['journal_bytes', 'journal_durable', 'token_state', 'clock_known', 'clock_steps_total']) {
      expect(sample(text, `fieldseal_${name}`), name).toBeUndefined();
    }
  });
});

/** promtool objects to names that prom-client gives the process's own metrics. */
const ownOnly = (text: string): string =>
  `${text
    .split('\n')
    .filter((line) => line.includes('fieldseal_'))
    .join('\n')}\n`;
