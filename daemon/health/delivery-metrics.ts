import { by, flag, type Registrar } from './registrar.ts';
import type { GatewayStatus } from './status.ts';

/** What waits in the outbox, what goes out, and what the verifier says of it. @param now ms since the Unix epoch */
export function deliveryMetrics(registrar: Registrar, status: () => GatewayStatus, now: () => number): void {
  registrar.gauge('outbox_proofs', 'Proofs that wait for their receipts', () => status().outbox.proofs);
  registrar.gauge('outbox_bytes', 'Bytes of the proofs that wait', () => status().outbox.bytes);
  registrar.gauge('outbox_oldest_seconds', 'Age of the oldest proof that waits', () => {
    const { oldest } = status().outbox;
    return oldest === undefined ? 0 : Math.max(0, (now() - oldest) / 1_000);
  });
  registrar.gauge('outbox_durable', '1 while proofs go to the disk', () => flag(status().outbox.durable));
  registrar.gauge('outbox_held_proofs', 'Proofs in memory alone, as the disk fails', () => status().outbox.held);
  registrar.counter('outbox_quarantined_total', 'Proofs put into quarantine', () => status().outbox.quarantined);
  registrar.gauge('broker_connected', '1 while connected to the broker', () => flag(status().uplink.connected));
  registrar.counter('proofs_published_total', 'Proofs published', () => status().uplink.published);
  registrar.counter(
    'proofs_republished_total',
    'Proofs published again for lack of a receipt',
    () => status().uplink.republished,
  );
  registrar.counter('receipts_bad_total', 'Receipts that did not count', () => status().uplink.badReceipts);
  registrar.counters('receipts_bad_by_reason_total', 'Receipts that did not count, by why', ['reason'], () =>
    by('reason', status().uplink.badReceiptsBy ?? {}),
  );
  registrar.counters('receipts_total', 'Receipts, by verdict', ['verdict'], () =>
    by('verdict', status().uplink.receipts),
  );
  registrar.counters('receipt_reasons_total', 'Reasons that receipts gave', ['reason'], () =>
    by('reason', status().recent?.receiptReasons ?? {}),
  );
}
