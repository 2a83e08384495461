import { type GatewayStatus, Recent } from '../../daemon/health/index.ts';
import type { ReportParts } from '../../daemon/page/index.ts';
import { KINDS, packRecords, type Reading, type RecordRow } from '../../daemon/readings/index.ts';
import { Track } from '../../daemon/simulator/index.ts';

export const NOW = Date.UTC(2026, 10, 20, 17, 4, 5);
const HOUR_MS = 3_600_000;

/** A sky with a satellite of each constellation. */
export const SATELLITES: RecordRow[] = [
  0, 0, 0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 5, 7, 1,
].map((gnssid, index) => ({
  gnssid,
  svid: 1 + ((index * 7) % 32),
  sigid: 0,
  el: Math.round(84 - 80 * Math.sqrt(((index * 37) % 100) / 100)),
  az: (index * 137) % 360,
  ss: (index * 11) % 8 === 0 ? 0 : 18 + ((index * 13) % 32),
  used: index % 4 === 3 ? 0 : 1,
}));

/** An hour's drive with its sky, on a clock of our own. */
export function recentDrive(satellites = SATELLITES): Recent {
  let now = NOW - HOUR_MS;
  const recent = new Recent({ now: () => now, monotonicNow: () => now });
  const track = new Track({ start: now, seed: 7, cruise: 1.4 });
  for (; now < NOW; now += 1_000) {
    const at = track.at(now - track.start);
    recent.take(fixOf(now, at.lat, at.lon));
    if (now % 4_000 < 2_800) recent.take(fixOf(now, at.lat, at.lon, 'gnss-spare'));
  }
  now = NOW;
  const packed = packRecords(KINDS['gnss.sky'].fields.satellites, satellites);
  const fields = { hdop: 82, nSat: satellites.length, satellites: packed };
  recent.take({ kind: 'gnss.sky', source: 'gnss', t: NOW - 3_000, fields });
  recent.take({
    kind: 'host.health',
    source: 'host',
    t: NOW,
    fields: {
      uptime: 1_480_000,
      cpuTemperature: 54_300,
      load: 34,
      memoryTotal: 905_000_000,
      memoryAvailable: 611_000_000,
      diskTotal: 7_900_000_000,
      diskAvailable: 6_200_000_000,
    },
  });
  return recent;
}

const fixOf = (t: number, lat: number, lon: number, source = 'gnss'): Reading => ({
  kind: 'gnss.fix',
  source,
  t,
  fields: {
    mode: 3,
    uSat: 17,
    lat: Math.round(lat * 1e7),
    lon: Math.round(lon * 1e7),
    eph: 1_240,
    speed: 8_310,
    altMSL: 408_200,
  },
});

const source = (name: string, state: string, readings: number) => ({
  source: name,
  state,
  bytes: readings * 70,
  frames: { nmea: readings * 3 },
  noise: { checksum: readings % 97 },
  readings: { 'gnss.fix': readings },
  reopens: readings % 3,
  overflowBytes: 0,
});

/** A gateway where all is well. */
export function sampleStatus(changes: Partial<GatewayStatus> = {}, recent = recentDrive()): GatewayStatus {
  return {
    kid: 'q3Jk0YxTn8rVbW5cAzL2mFhPdS7eUgQiO4tRj6wXy1M',
    sources: [
      source('gnss', 'running', 36_012),
      source('gnss-spare', 'running', 25_400),
      source('lora', 'opening', 12),
    ],
    sealer: {
      proofs: 1_312,
      readings: 1_284_220,
      waiting: 318,
      signFailures: 0,
      losses: { 'unclean-shutdown': 1 },
      trouble: undefined,
    },
    chain: { epoch: '7f3a9c04e1b2d5a6887766554433221100', seq: 48_211 },
    outbox: { proofs: 2, bytes: 41_300, oldest: NOW - 4_000, quarantined: 0, durable: true, held: 0 },
    journal: { readings: 318, bytes: 1_048_576, durable: true },
    token: { state: 'ready', holder: 'fieldseal (SoftHSM v2)' },
    uplink: {
      connected: true,
      published: 1_312,
      republished: 3,
      receipts: { accepted: 1_308, flagged: 2, rejected: 0, duplicate: 0 },
      badReceipts: 0,
    },
    clock: {
      source: 'ntp',
      uncertaintyMs: 12,
      known: true,
      offsetMs: 0,
      servers: [{ name: 'chrony', state: 'synchronised' }],
    },
    recent: {
      ...recent.status(),
      receipts: Array.from({ length: 8 }, (_, index) => ({
        received: NOW - 4_000 - index * 60_000,
        epoch: '7f3a9c04e1b2d5a6887766554433221100',
        seq: 48_210 - index,
        verdict: index === 3 ? 'flagged' : 'accepted',
        reasons: index === 3 ? ['restart', 'time-order'] : [],
      })),
    },
    started: NOW - 79 * HOUR_MS,
    ...changes,
  };
}

export const partsFor = (status: GatewayStatus, changes: Partial<ReportParts> = {}): ReportParts => ({
  status: () => status,
  now: () => NOW,
  unhealthy: () => undefined,
  software: { name: 'fieldseal', version: '0.1.0' },
  hostname: 'gateway-17',
  ...changes,
});
