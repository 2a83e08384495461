import { type Html, html } from './html.ts';
import { type Level, mark } from './marks.ts';
import type { StatusReport } from './report.ts';
import { sparkline } from './sparkline.ts';
import { ago, bytes, counted, duration, grouped, rate, share } from './words.ts';

/** One thing about the gateway: its name, its value, and what belongs to it. */
interface Tile {
  readonly name: string;
  readonly value: Html | string;
  readonly more: readonly (Html | string | undefined)[];
}

/** The gateway at a glance. */
export function tiles(report: StatusReport): Html {
  const all = [
    readingsTile(report),
    outboxTile(report),
    brokerTile(report),
    chainTile(report),
    tokenTile(report),
    clockTile(report),
    journalTile(report),
    hostTile(report),
  ];
  const shown = all.flatMap((tile) => {
    if (tile === undefined) return [];
    const more = tile.more.flatMap((line) => (line === undefined ? [] : [html`<p>${line}</p>`]));
    return [html`<div><dt>${tile.name}</dt><dd><p class="value">${tile.value}</p>${more}</dd></div>`];
  });
  return html`<dl class="tiles">${shown}</dl>`;
}

function readingsTile({ recent, sealer }: StatusReport): Tile {
  const history = recent?.rate.history ?? [];
  const last = history.at(-1);
  return {
    name: 'Readings',
    value: last === undefined ? '…' : html`${rate(last)}<small> a second</small>`,
    more: [
      sparkline(history, 120, 'Readings a second in the last ten minutes'),
      `${grouped(sealer.readings)} sealed, ${grouped(sealer.waiting)} wait`,
    ],
  };
}

function outboxTile({ outbox, now }: StatusReport): Tile {
  const { proofs, oldest, durable, held = 0 } = outbox;
  const age =
    oldest === undefined ? 'every proof has its receipt' : `the oldest waits ${duration(Math.max(0, now - oldest))}`;
  return {
    name: 'Outbox',
    value: html`${grouped(proofs)}<small> ${proofs === 1 ? 'proof' : 'proofs'}, ${bytes(outbox.bytes)}</small>`,
    more: [
      age,
      durable === undefined
        ? undefined
        : durable
          ? mark('ok', 'on the disk')
          : mark('bad', `disk fails; ${held} in memory`),
      outbox.quarantined === 0 ? undefined : mark('note', `${grouped(outbox.quarantined)} in quarantine`),
    ],
  };
}

function brokerTile({ uplink }: StatusReport): Tile {
  const { connected, published, republished, badReceipts } = uplink;
  return {
    name: 'Broker',
    value: connected ? mark('ok', 'connected') : mark('bad', 'away'),
    more: [
      `${grouped(published)} published, ${grouped(republished)} again`,
      badReceipts === 0 ? undefined : mark('note', `${counted(badReceipts, 'receipt')} did not count`),
    ],
  };
}

function chainTile({ chain, sealer }: StatusReport): Tile {
  return {
    name: 'Chain',
    value: chain.seq === undefined ? 'no proof yet' : html`<small>proof </small>${grouped(chain.seq)}`,
    more: [
      html`epoch <code>${chain.epoch.slice(0, 12)}…</code>`,
      `${counted(sealer.proofs, 'proof')} sealed in this run`,
    ],
  };
}

function tokenTile({ token, sealer }: StatusReport): Tile {
  const trouble = token?.trouble ?? sealer.trouble;
  const state = token?.state ?? (trouble === undefined ? 'signs' : 'fails');
  const level: Level = trouble !== undefined ? 'bad' : state === 'ready' || state === 'signs' ? 'ok' : 'note';
  return {
    name: 'Token',
    value: mark(level, state),
    more: [
      token?.holder,
      trouble,
      sealer.signFailures === 0 ? undefined : `${counted(sealer.signFailures, 'signature')} refused`,
    ],
  };
}

function clockTile({ clock }: StatusReport): Tile {
  const { source, uncertaintyMs, known, offsetMs, servers = [] } = clock;
  const level: Level = known === false ? 'bad' : source === 'none' ? 'note' : 'ok';
  return {
    name: 'Clock',
    value: html`${mark(level, known === false ? 'not known yet' : source)}`,
    more: [
      `± ${duration(uncertaintyMs)}`,
      offsetMs === undefined ? undefined : `${duration(offsetMs)} off the host's`,
      ...servers.map(({ name, state }) => `${name}: ${state}`),
    ],
  };
}

function journalTile({ journal }: StatusReport): Tile | undefined {
  if (journal === undefined) return undefined;
  return {
    name: 'Journal',
    value: html`${grouped(journal.readings)}<small> ${journal.readings === 1 ? 'reading' : 'readings'}, ${bytes(journal.bytes)}</small>`,
    more: [journal.durable ? mark('ok', 'on the disk') : mark('bad', 'silent'), journal.trouble],
  };
}

function hostTile({ recent, hostname, started, now }: StatusReport): Tile {
  const host = recent?.host;
  const { cpuTemperature, load, memoryAvailable, memoryTotal, diskAvailable, diskTotal } = host ?? {};
  const free = (name: string, available: number | undefined, total: number | undefined): string | undefined =>
    available === undefined || total === undefined
      ? undefined
      : `${name} ${bytes(available)} free (${share(available, total)})`;
  return {
    name: 'Host',
    value: cpuTemperature === undefined ? hostname : html`${(cpuTemperature / 1_000).toFixed(0)}<small> °C</small>`,
    more: [
      load === undefined ? undefined : `load ${(load / 100).toFixed(2)}`,
      free('memory', memoryAvailable, memoryTotal),
      free('disk', diskAvailable, diskTotal),
      host === undefined ? undefined : `booted ${ago(host.uptime * 1_000)}`,
      started === undefined ? undefined : `daemon started ${ago(now - started)}`,
      host?.underVoltage === 1 ? mark('bad', 'under-voltage') : undefined,
      host?.throttled === 1 ? mark('note', 'throttled') : undefined,
    ],
  };
}
