import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { GatewayStatus, SourceStatus } from './status.ts';

/** The gateway's metrics for Prometheus, read from its status whenever they are asked for. */
export function createMetrics(status: () => GatewayStatus): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  sourceMetrics(registry, status);
  sealingMetrics(registry, status);
  deliveryMetrics(registry, status);
  return registry;
}

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [value: number, labels?: Labels];

/** Registers a metric whose samples are taken from the status at each scrape. */
function register(
  Metric: typeof Counter | typeof Gauge,
  registry: Registry,
  name: string,
  help: string,
  labelNames: string[],
  samples: () => Iterable<Sample>,
): void {
  new Metric({
    name: `fieldseal_${name}`,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset();
      for (const [value, labels] of samples()) {
        if (labels === undefined) this.inc(value);
        else this.inc(labels, value);
      }
    },
  });
}

function sourceMetrics(registry: Registry, status: () => GatewayStatus): void {
  const each = function* (of: (source: SourceStatus) => Iterable<Sample>): Iterable<Sample> {
    for (const source of status().sources) {
      for (const [value, labels] of of(source)) yield [value, { source: source.source, ...labels }];
    }
  };
  const by = (label: string, counts: Readonly<Partial<Record<string, number>>>): Sample[] =>
    Object.entries(counts).map(([name, count]) => [count ?? 0, { [label]: name }]);
  register(Gauge, registry, 'port_state', 'The state that a port is in: 1', ['source', 'state'], () =>
    each(({ state }) => [[1, { state }]]),
  );
  register(Counter, registry, 'port_bytes_total', 'Bytes read', ['source'], () => each(({ bytes }) => [[bytes, {}]]));
  register(Counter, registry, 'port_reopens_total', 'Times an open port was opened anew', ['source'], () =>
    each(({ reopens }) => [[reopens, {}]]),
  );
  register(Counter, registry, 'port_overflow_bytes_total', 'Bytes dropped, as they came too fast', ['source'], () =>
    each(({ overflowBytes }) => [[overflowBytes, {}]]),
  );
  register(Counter, registry, 'frames_total', 'Valid frames', ['source', 'framing'], () =>
    each(({ frames }) => by('framing', frames)),
  );
  register(Counter, registry, 'noise_bytes_total', 'Bytes that made no message', ['source', 'reason'], () =>
    each(({ noise }) => by('reason', noise)),
  );
  register(Counter, registry, 'port_sent_bytes_total', 'Bytes sent to the device', ['source'], () =>
    each(({ sent = 0 }) => [[sent, {}]]),
  );
  register(Counter, registry, 'port_send_failures_total', 'Writes to the device that did not go out', ['source'], () =>
    each(({ sendFailures = 0 }) => [[sendFailures, {}]]),
  );
  register(
    Gauge,
    registry,
    'port_configured',
    'Where the configuration of the device stands: 1',
    ['source', 'configured'],
    () => each(({ configured }) => (configured === undefined ? [] : [[1, { configured }]])),
  );
  register(
    Counter,
    registry,
    'readings_implausible_total',
    'Readings kept that the profile calls implausible',
    ['source'],
    () => each(({ implausible = 0 }) => [[implausible, {}]]),
  );
  register(Counter, registry, 'evidence_lost_bytes_total', 'Raw bytes hashed but not kept on disk', ['source'], () =>
    each(({ evidenceLostBytes }) => (evidenceLostBytes === undefined ? [] : [[evidenceLostBytes, {}]])),
  );
  register(Counter, registry, 'readings_total', 'Readings kept', ['source', 'kind'], () =>
    each(({ readings }) => by('kind', readings)),
  );
}

function sealingMetrics(registry: Registry, status: () => GatewayStatus): void {
  const { gauge, counter } = single(registry);
  counter('proofs_sealed_total', 'Proofs signed and stored', () => status().sealer.proofs);
  counter('readings_sealed_total', 'Readings in proofs signed and stored', () => status().sealer.readings);
  counter('sign_failures_total', 'Signatures that the token did not give', () => status().sealer.signFailures);
  gauge('readings_waiting', 'Readings not sealed yet', () => status().sealer.waiting);
  gauge('token_ok', '1 while the token signs', () => (status().sealer.trouble === undefined ? 1 : 0));
  gauge('chain_seq', 'Sequence number of the last proof', () => status().chain.seq);
  gauge(
    'clock_uncertainty_seconds',
    "How far the gateway's clock may be off",
    () => status().clock.uncertaintyMs / 1_000,
  );
  register(Gauge, registry, 'clock_source', 'What sets the clock: 1', ['clock'], () => [
    [1, { clock: status().clock.source }],
  ]);
}

function deliveryMetrics(registry: Registry, status: () => GatewayStatus): void {
  const { gauge, counter } = single(registry);
  gauge('outbox_proofs', 'Proofs that wait for their receipts', () => status().outbox.proofs);
  gauge('outbox_bytes', 'Bytes of the proofs that wait', () => status().outbox.bytes);
  gauge('outbox_oldest_seconds', 'Age of the oldest proof that waits', () => {
    const { oldest } = status().outbox;
    return oldest === undefined ? 0 : Math.max(0, (Date.now() - oldest) / 1_000);
  });
  counter('outbox_quarantined_total', 'Proofs put into quarantine', () => status().outbox.quarantined);
  gauge('broker_connected', '1 while connected to the broker', () => (status().uplink.connected ? 1 : 0));
  counter('proofs_published_total', 'Proofs published', () => status().uplink.published);
  counter(
    'proofs_republished_total',
    'Proofs published again for lack of a receipt',
    () => status().uplink.republished,
  );
  counter('receipts_bad_total', 'Receipts that did not count', () => status().uplink.badReceipts);
  register(Counter, registry, 'receipts_total', 'Receipts, by verdict', ['verdict'], () =>
    Object.entries(status().uplink.receipts).map(([verdict, count]) => [count, { verdict }]),
  );
}

/** Registers metrics of one sample; a gauge without a value has none. */
function single(registry: Registry) {
  return {
    gauge: (name: string, help: string, value: () => number | undefined) =>
      register(Gauge, registry, name, help, [], () => {
        const now = value();
        return now === undefined ? [] : [[now]];
      }),
    counter: (name: string, help: string, value: () => number) =>
      register(Counter, registry, name, help, [], () => [[value()]]),
  };
}
