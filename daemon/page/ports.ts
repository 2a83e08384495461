import type { SourceStatus } from '../health/index.ts';
import { type Html, html } from './html.ts';
import { levelOfPort, mark } from './marks.ts';
import type { StatusReport } from './report.ts';
import { bytes, grouped, rate, share } from './words.ts';

/** Ports and cameras, one row each. */
export function portsTable({ sources, recent }: StatusReport): Html {
  if (sources.length === 0) return html`<p class="empty">No port is configured.</p>`;
  const rows = sources.map((source) => row(source, recent?.rate.bySource[source.source]));
  return html`<table><thead><tr><th scope="col">Source</th><th scope="col">State</th><th scope="col" class="n">Readings/s</th><th scope="col" class="n wide">Readings</th><th scope="col" class="n">Noise</th><th scope="col" class="n wide">Bytes</th><th scope="col" class="n wide">Reopened</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function row(status: SourceStatus, perSecond: number | undefined): Html {
  const { source, state, reopens, readings, noise } = status;
  const total = sum(readings);
  return html`<tr><th scope="row">${source}</th><td>${mark(levelOfPort(state), state)}</td><td class="n">${perSecond === undefined ? '–' : rate(perSecond)}</td><td class="n wide">${grouped(total)}</td><td class="n">${share(sum(noise), status.bytes)}</td><td class="n wide">${bytes(status.bytes)}</td><td class="n wide">${grouped(reopens)}</td></tr>`;
}

const sum = (counts: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);
