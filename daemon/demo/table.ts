import type { GatewayStatus } from '../health/index.ts';

/** What the demo has seen so far. */
export interface DemoView {
  readonly status: GatewayStatus;
  readonly wanted: number;
  readonly accepted: number;
  readonly elapsedMs: number;
  /** The last proofs, newest last. */
  readonly proofs: readonly ProofView[];
}

export interface ProofView {
  readonly seq: number;
  readonly readings: number;
  readonly bytes: number;
  /** How far it has come: sealed, published, then the verifier's verdict. */
  readonly state: string;
}

/** The demo's table: what is read, sealed, published and accepted, as lines of plain text. */
export function drawTable({ status, wanted, accepted, elapsedMs, proofs }: DemoView): string[] {
  const { sealer, outbox, uplink, clock } = status;
  const lines = [
    `Fieldseal demo   ${(elapsedMs / 1_000).toFixed(1)} s   device ${status.kid.slice(0, 12)}…`,
    '',
    row('port', 'state', 'bytes', 'frames', 'noise', 'readings'),
  ];
  for (const source of status.sources) {
    const { frames, noise, readings } = source;
    lines.push(row(source.source, source.state, source.bytes, sum(frames), sum(noise), sum(readings)));
  }
  const shown = proofs.map(({ seq, readings, bytes, state }) => row(`#${seq}`, state, bytes, '', '', readings));
  return [
    ...lines,
    '',
    `sealed ${sealer.proofs} proofs with ${sealer.readings} readings, ${sealer.waiting} readings wait; clock ${clock.source} ±${clock.uncertaintyMs} ms`,
    `broker ${uplink.connected ? 'connected' : 'not connected'}; published ${uplink.published}; outbox holds ${outbox.proofs}`,
    '',
    row('proof', 'verdict', 'bytes', '', '', 'readings'),
    ...shown,
    '',
    `accepted ${accepted} of ${wanted}  ${bar(accepted, wanted)}`,
  ];
}

const row = (...cells: (string | number)[]): string =>
  cells
    .map((cell, i) => (i < 2 ? String(cell).padEnd(i === 0 ? 12 : 14) : String(cell).padStart(9)))
    .join('')
    .trimEnd();

const sum = (counts: Readonly<Partial<Record<string, number>>>): number =>
  Object.values(counts).reduce<number>((total, count) => total + (count ?? 0), 0);

function bar(done: number, all: number): string {
  const width = 30;
  const filled = Math.min(width, Math.round((width * done) / Math.max(1, all)));
  return `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
}
