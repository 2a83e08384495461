import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClockHost, linuxHost } from '../../daemon/clock/index.ts';
import { Track, VirtualDevice } from '../../daemon/simulator/index.ts';
import { WholeSite } from '../support/whole-site.ts';

interface Row {
  readonly kind: string;
  readonly t: number;
  readonly fields: Record<string, unknown>;
  readonly verdict: string;
  readonly reasons: string;
  readonly uncertainty: number | null;
}

/** A host that was switched on a moment ago, and whose wall clock began in 1970. */
class YoungHost {
  ahead = -Date.now();
  measured: number | undefined;

  readonly host: ClockHost = {
    ...linuxHost,
    wallNow: () => Date.now() + this.ahead,
    ntp: async () =>
      this.measured === undefined ? undefined : { client: 'test', uncertaintyMs: 20, measured: this.measured },
    rtc: async () => undefined,
  };

  /** A time server is heard. */
  synchronise(): void {
    this.ahead = 0;
    this.measured = (this.measured ?? 0) + 1;
  }
}

describe('a gateway that starts in 1970', () => {
  let device: VirtualDevice;
  let site: WholeSite;
  let young: YoungHost;
  let stop: AbortController;
  let driving: Promise<void>;
  beforeEach(() => {
    stop = new AbortController();
    young = new YoungHost();
    device = new VirtualDevice({
      ...{ model: 'nmea', rateHz: 5, baudRate: 115_200, track: new Track({ start: Date.now(), seed: 7 }) },
    });
    device.open();
    driving = device.run(stop.signal);
  });
  afterEach(async () => {
    await site.stop();
    stop.abort();
    await driving;
  });

  const start = async (clock: string) => {
    const ports = `ports: [{ source: gnss, path: ${JSON.stringify(device.path)}, profile: gnss/generic-nmea }]`;
    site = await WholeSite.start(`${ports}\nclock: ${clock}\n`, young.host);
    return Date.now();
  };
  const rows = (): Row[] => {
    const database = new Database(site.verifier.ledger, { readonly: true });
    const all = database
      .prepare<[], Omit<Row, 'fields'> & { fields: string }>(
        `SELECT r.kind, r.t, r.fields, p.verdict, p.reasons, p.uncertainty FROM readings r JOIN proofs p ON r.proof = p.id
         ORDER BY p.seq, r.position`,
      )
      .all();
    database.close();
    return all.map((row) => ({ ...row, fields: JSON.parse(row.fields) }));
  };

  it('dates back what it read before a receiver and a time server told the time, and says so', async () => {
    const began = await start('{ wait: 5m, gnss: true, ntp: auto }');
    await vi.waitFor(() => expect(rows().some(({ kind }) => kind === 'clock.step')).toBe(true), { timeout: 20_000 });
    young.synchronise();
    await vi.waitFor(() => expect(rows().some(({ uncertainty }) => (uncertainty ?? 1e9) < 500)).toBe(true), {
      timeout: 20_000,
    });
    const all = rows();
    expect(new Set(all.map(({ verdict, reasons }) => `${verdict} ${reasons}`))).toEqual(new Set(['accepted []']));
    for (const { t } of all) {
      expect(t).toBeGreaterThan(began - 3_000);
      expect(t).toBeLessThan(Date.now() + 1_000);
    }
    const [step] = all.filter(({ kind }) => kind === 'clock.step');
    expect(step?.fields).toMatchObject({ previous: 0, source: 3 });
    expect(Number(step?.fields['dated'])).toBeGreaterThan(20);
    const healths = all.filter(({ kind }) => kind === 'host.health').map(({ t }) => t);
    expect(healths).toEqual(healths.toSorted((a, b) => a - b));
    expect(healths.length).toBeGreaterThan(5);
    // By the receiver's own word each fix is where it belongs, those from before the time was known too.
    for (const { t, fields } of all.filter(({ kind }) => kind === 'gnss.fix')) {
      expect(Math.abs(Date.parse(String(fields['time'])) - t)).toBeLessThan(1_500);
    }
  }, 60_000);

  it('is not disturbed by whoever sets the wall clock, either way', async () => {
    young.synchronise();
    await start('{ wait: 5m, gnss: false, ntp: auto }');
    await vi.waitFor(() => expect(rows().length).toBeGreaterThan(0), { timeout: 20_000 });
    for (const days of [40, -40]) {
      const before = Date.now();
      young.ahead += days * 86_400_000;
      await vi.waitFor(() => expect(rows().some(({ t }) => t > before + 3_000)).toBe(true), { timeout: 20_000 });
    }
    const all = rows();
    expect(all.map(({ kind }) => kind)).not.toContain('clock.step');
    expect(new Set(all.map(({ verdict, reasons }) => `${verdict} ${reasons}`))).toEqual(new Set(['accepted []']));
    const healths = all.filter(({ kind }) => kind === 'host.health').map(({ t }) => t);
    expect(new Set(healths).size).toBe(healths.length);
    expect(healths).toEqual(healths.toSorted((a, b) => a - b));
    expect(Math.max(...healths)).toBeLessThan(Date.now() + 100);
  }, 60_000);

  it('waits no longer than it is told, and says that nobody knows the time', async () => {
    await start('{ wait: 2s, gnss: false, ntp: none }');
    await vi.waitFor(() => expect(rows().length).toBeGreaterThan(0), { timeout: 20_000 });
    for (const { t, uncertainty, reasons } of rows()) {
      expect(t).toBeLessThan(60_000);
      expect(uncertainty).toBeNull();
      expect(reasons).toBe('["time-old"]');
    }
  }, 60_000);
});
