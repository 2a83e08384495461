import { flag, type Registrar } from './registrar.ts';
import type { GatewayStatus } from './status.ts';

/** What the sealer does, the token, the journal and the clock. */
export function sealingMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  registrar.counter('proofs_sealed_total', 'Proofs signed and stored', () => status().sealer.proofs);
  registrar.counter('readings_sealed_total', 'Readings in proofs signed and stored', () => status().sealer.readings);
  registrar.counter(
    'sign_failures_total',
    'Signatures that the token did not give',
    () => status().sealer.signFailures,
  );
  registrar.counters('losses_declared_total', 'Loss records in proofs', ['reason'], () =>
    Object.entries(status().sealer.losses).map(([reason, count = 0]) => [count, { reason }]),
  );
  registrar.gauge('readings_waiting', 'Readings not sealed yet', () => status().sealer.waiting);
  registrar.gauge('chain_seq', 'Sequence number of the last proof', () => status().chain.seq);
  tokenMetrics(registrar, status);
  journalMetrics(registrar, status);
  clockMetrics(registrar, status);
}

function tokenMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  registrar.gauge('token_ok', '1 while the token signs', () => {
    const { token, sealer } = status();
    return flag((token?.trouble ?? sealer.trouble) === undefined);
  });
  registrar.gauges('token_state', 'The state that the token is in: 1', ['state'], () => {
    const { token } = status();
    return token === undefined ? [] : [[1, { state: token.state }]];
  });
}

function journalMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  registrar.gauge('journal_readings', 'Readings that the journal keeps', () => status().journal?.readings);
  registrar.gauge('journal_bytes', 'Bytes of the journal on disk', () => status().journal?.bytes);
  registrar.gauge('journal_durable', '1 while the journal is on the disk', () => flag(status().journal?.durable));
}

function clockMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  registrar.gauge(
    'clock_uncertainty_seconds',
    "How far the gateway's clock may be off",
    () => status().clock.uncertaintyMs / 1_000,
  );
  registrar.gauges('clock_source', 'What sets the clock: 1', ['clock'], () => [[1, { clock: status().clock.source }]]);
  registrar.gauge('clock_known', '1 while somebody vouches for the time', () => flag(status().clock.known));
  registrar.gauge('clock_offset_seconds', "The gateway's time less the host's", () => {
    const { offsetMs } = status().clock;
    return offsetMs === undefined ? undefined : offsetMs / 1_000;
  });
  registrar.counter('clock_steps_total', 'Times the clock was set', () => status().clock.steps);
}
