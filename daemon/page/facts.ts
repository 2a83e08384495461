import type { Level } from './marks.ts';
import type { StatusReport } from './report.ts';
import { ago, bytes, counted, duration, grouped, rate, share } from './words.ts';

/** An uncertainty as large as a proof can tell. */
const UNKNOWN_MS = 2 ** 32 - 1;
const WORTH_TELLING_MS = 50;

/** A few words, with what to think of them. */
export interface Phrase {
  readonly text: string;
  /** Follows the text, less loud. */
  readonly unit?: string;
  readonly level?: Level;
}

/** One thing about the gateway: its name, its value, and what belongs to it. The page shows it as a tile, the terminal as a line. */
export interface Fact {
  readonly name: string;
  readonly value: Phrase;
  /** The course of the value, oldest first. */
  readonly chart?: readonly number[];
  readonly more: readonly Phrase[];
}

/** The gateway at a glance. */
export function factsOf(report: StatusReport): Fact[] {
  return [
    readings(report),
    outbox(report),
    broker(report),
    chain(report),
    token(report),
    clock(report),
    ...journal(report),
    host(report),
  ];
}

const phrases = (...all: readonly (Phrase | string | undefined)[]): Phrase[] =>
  all.flatMap((one) => (one === undefined ? [] : [typeof one === 'string' ? { text: one } : one]));

/** Whether something is on the disk; nothing where nobody knows. */
const onDisk = (durable: boolean | undefined, otherwise: string): Phrase | undefined =>
  durable === undefined
    ? undefined
    : durable
      ? { text: 'on the disk', level: 'ok' }
      : { text: otherwise, level: 'bad' };

function readings({ recent, sealer }: StatusReport): Fact {
  const history = recent?.rate.history ?? [];
  const last = history.at(-1);
  return {
    name: 'Readings',
    value: last === undefined ? { text: '…' } : { text: rate(last), unit: 'a second' },
    chart: history,
    more: phrases(`${grouped(sealer.readings)} sealed, ${grouped(sealer.waiting)} wait`),
  };
}

function outbox({ outbox: { proofs, bytes: size, oldest, durable, held = 0, quarantined }, now }: StatusReport): Fact {
  return {
    name: 'Outbox',
    value: { text: grouped(proofs), unit: `${proofs === 1 ? 'proof' : 'proofs'}, ${bytes(size)}` },
    more: phrases(
      oldest === undefined ? 'every proof has its receipt' : `the oldest waits ${duration(Math.max(0, now - oldest))}`,
      onDisk(durable, `the disk fails; ${held} in memory`),
      quarantined === 0 ? undefined : { text: `${grouped(quarantined)} in quarantine`, level: 'note' },
    ),
  };
}

function broker({ uplink: { connected, published, republished, badReceipts } }: StatusReport): Fact {
  return {
    name: 'Broker',
    value: connected ? { text: 'connected', level: 'ok' } : { text: 'away', level: 'bad' },
    more: phrases(
      `${grouped(published)} published, ${grouped(republished)} again`,
      badReceipts === 0 ? undefined : { text: `${counted(badReceipts, 'receipt')} did not count`, level: 'note' },
    ),
  };
}

function chain({ chain: { epoch, seq }, sealer }: StatusReport): Fact {
  return {
    name: 'Last proof',
    value: seq === undefined ? { text: 'none yet' } : { text: grouped(seq) },
    more: phrases(`epoch ${epoch.slice(0, 12)}…`, `${counted(sealer.proofs, 'proof')} in this run`),
  };
}

function token({ token: is, sealer }: StatusReport): Fact {
  const trouble = is?.trouble ?? sealer.trouble;
  const state = is?.state ?? (trouble === undefined ? 'signs' : 'fails');
  const level: Level = trouble !== undefined ? 'bad' : state === 'ready' || state === 'signs' ? 'ok' : 'note';
  const refused = sealer.signFailures === 0 ? undefined : `${counted(sealer.signFailures, 'signature')} refused`;
  return { name: 'Token', value: { text: state, level }, more: phrases(is?.holder, trouble, refused) };
}

function clock({ clock: { source, uncertaintyMs, known, offsetMs, servers = [] } }: StatusReport): Fact {
  const level: Level = known === false || source === 'none' ? 'note' : 'ok';
  return {
    name: 'Clock',
    value: { text: known === false ? 'not known yet' : source, level },
    more: phrases(
      uncertaintyMs >= UNKNOWN_MS ? 'nobody knows how far off' : `± ${duration(uncertaintyMs)}`,
      offsetMs === undefined || Math.abs(offsetMs) < WORTH_TELLING_MS
        ? undefined
        : `${duration(offsetMs)} off the host's`,
      ...servers.map(({ name, state }) => `${name}: ${state}`),
    ),
  };
}

function journal({ journal: is }: StatusReport): Fact[] {
  if (is === undefined) return [];
  const { readings: count, bytes: size, durable, trouble } = is;
  const value = { text: grouped(count), unit: `${count === 1 ? 'reading' : 'readings'}, ${bytes(size)}` };
  return [{ name: 'Journal', value, more: phrases(onDisk(durable, 'silent'), trouble) }];
}

function host({ recent, hostname, started, now }: StatusReport): Fact {
  const is = recent?.host;
  const { cpuTemperature, load, memoryAvailable, memoryTotal, diskAvailable, diskTotal } = is ?? {};
  const free = (name: string, available: number | undefined, total: number | undefined): string | undefined =>
    available === undefined || total === undefined
      ? undefined
      : `${name} ${bytes(available)} free (${share(available, total)})`;
  return {
    name: 'Host',
    value:
      cpuTemperature === undefined ? { text: hostname } : { text: (cpuTemperature / 1_000).toFixed(0), unit: '°C' },
    more: phrases(
      load === undefined ? undefined : `load ${(load / 100).toFixed(2)}`,
      free('memory', memoryAvailable, memoryTotal),
      free('disk', diskAvailable, diskTotal),
      is === undefined ? undefined : `booted ${ago(is.uptime * 1_000)}`,
      started === undefined ? undefined : `daemon started ${ago(Math.max(0, now - started))}`,
      is?.underVoltage === 1 ? { text: 'under-voltage', level: 'bad' } : undefined,
      is?.throttled === 1 ? { text: 'throttled', level: 'note' } : undefined,
    ),
  };
}
