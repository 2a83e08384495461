import {
  type ChainHead,
  type DigestSigner,
  draftProof,
  type Loss,
  type ProofInput,
  type ProofSource,
} from '../../daemon/proof/index.ts';
import { KINDS, packRecords, type Reading } from '../../daemon/readings/index.ts';

export const SOURCES: readonly ProofSource[] = [
  { source: 'gnss0', profile: 'gnss/ublox-neo-m9n', profileDigest: new Uint8Array(32).fill(0xa1) },
  { source: 'host', profile: 'host', profileDigest: new Uint8Array(32).fill(0xb2) },
];

const START = Date.UTC(2026, 4, 4, 10, 0, 0);

/** Integers that look random and are the same everywhere. */
export function* noise(seed: number): Generator<number, never> {
  let state = seed >>> 0;
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 16;
  }
}

/** A receiver that moves: 10 fixes a second, all fields. Integers alone. */
export function fixes(count: number, seed = 1, from = START): Reading[] {
  const random = noise(seed);
  const jitter = (range: number): number => (random.next().value % (2 * range + 1)) - range;
  let [lat, lon, alt, speed, track, climb] = [521_234_567, 134_567_890, 87_654, 13_900, 35_900_000, 0];
  let [eph, epv, eps, turn] = [1_200, 1_900, 140, 900];
  return Array.from({ length: count }, (_, i) => {
    speed += jitter(12);
    turn += jitter(150);
    track = (track + turn + jitter(900) + 36_000_000) % 36_000_000;
    climb += jitter(6);
    lat += 98 + jitter(2);
    lon += 61 + jitter(2);
    alt += Math.trunc(climb / 10) + jitter(3);
    eph = Math.max(300, eph + jitter(2));
    epv = Math.max(300, epv + jitter(3));
    eps = Math.max(30, eps + jitter(3));
    return {
      kind: 'gnss.fix',
      source: 'gnss0',
      t: from + 100 * i + 61 + (random.next().value % 4),
      fields: {
        time: from + 100 * i,
        mode: 3,
        status: i % 97 === 50 ? 2 : 1,
        lat,
        lon,
        altHAE: alt,
        altMSL: alt - 43_210,
        speed,
        track,
        climb,
        eph,
        epv,
        eps,
        epd: eps * 410 + jitter(40),
        ept: 24,
        uSat: 14 + (i % 200 > 100 ? 1 : 0),
      },
    };
  });
}

/** One of each kind, with absent fields, tables, extremes and a second source. */
export function mixture(from = START): Reading[] {
  const satellites = packRecords(KINDS['gnss.sky'].fields.satellites, [
    { gnssid: 0, svid: 5, sigid: 1, el: 45, az: 270, ss: 41, used: 1 },
    { gnssid: 6, svid: 12, el: -3, az: 11 },
  ]);
  const fewer = satellites.slice(0, satellites.length / 2);
  return [
    ...fixes(2, 7, from),
    { kind: 'gnss.fix', source: 'gnss0', t: from + 250, fields: { mode: 1 } },
    { kind: 'gnss.sky', source: 'gnss0', t: from + 260, fields: { time: from + 200, nSat: 2, pdop: 145, satellites } },
    { kind: 'host.health', source: 'host', t: from + 270, fields: { uptime: 4_294_967_295, diskTotal: 2 ** 53 - 1 } },
    { kind: 'gnss.sky', source: 'gnss0', t: from + 200, fields: { satellites: fewer } },
    {
      kind: 'imu.sample',
      source: 'gnss0',
      t: from + 280,
      fields: { accX: -2_000_000_000, gyroZ: 0, temperature: -27_315 },
    },
    { kind: 'gnss.integrity', source: 'gnss0', t: from + 290, fields: {} },
    { kind: 'gnss.fix', source: 'gnss0', t: from + 300, fields: { mode: 3, track: 36_000_000, lat: -900_000_000 } },
  ];
}

export const LOSSES: readonly Loss[] = [
  { reason: 'source-overflow', count: 12, from: START - 5_000, to: START - 4_000 },
  { reason: 'unclean-shutdown', count: 0, from: START - 60_000, to: START - 30_000 },
  {
    ...{ reason: 'outbox-quota', count: 3_000, from: START - 900_000, to: START - 600_000 },
    proofs: { epoch: new Uint8Array(16).fill(0xe1), first: 23, last: 70_000 },
  },
];

/** What a proof of a device is made of, in whichever respect a test does not care about. */
export function inputFor(signer: DigestSigner, part: Partial<ProofInput> = {}): ProofInput {
  return {
    publicKey: signer.publicKey,
    previous: { epoch: new Uint8Array(16).fill(0xe0) },
    readings: [],
    sources: SOURCES,
    clock: { source: 'gnss', uncertaintyMs: 4, bootId: new Uint8Array(16).fill(0xb0), sinceBootMs: 7_654_321 },
    losses: [],
    software: { name: 'fieldseal', version: '0.1.0' },
    now: START + 60_000,
    secret: new Uint8Array(32).fill(0x5e),
    ...part,
  };
}

/** A sealed proof and where its chain then stands. */
export async function seal(
  signer: DigestSigner,
  part: Partial<ProofInput> = {},
): Promise<{ message: Uint8Array; head: ChainHead }> {
  const draft = draftProof(inputFor(signer, part));
  return { message: draft.finish(await signer.sign(draft.digest)), head: draft.head };
}
