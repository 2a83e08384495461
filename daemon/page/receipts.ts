import type { ReceiptStatus } from '../health/index.ts';
import { type Html, html } from './html.ts';
import { levelOfVerdict, mark } from './marks.ts';
import type { StatusReport } from './report.ts';
import { grouped, instant, timeOfDay } from './words.ts';

/** The verifier's latest answers. */
export function receiptsTable({ recent }: StatusReport): Html {
  const receipts = recent?.receipts ?? [];
  if (receipts.length === 0) return html`<p class="empty">No receipt has come in this run.</p>`;
  return html`<table><thead><tr><th scope="col">Received</th><th scope="col" class="n">Proof</th><th scope="col">Verdict</th><th scope="col" class="rest">Reasons</th></tr></thead><tbody>${receipts.map(row)}</tbody></table>`;
}

const row = ({ received, epoch, seq, verdict, reasons }: ReceiptStatus): Html =>
  html`<tr><td><time datetime="${instant(received)}">${timeOfDay(received)}</time></td><td class="n" title="epoch ${epoch}">${grouped(seq)}</td><td>${mark(levelOfVerdict(verdict), verdict)}</td><td>${reasons.length === 0 ? '–' : reasons.join(', ')}</td></tr>`;
