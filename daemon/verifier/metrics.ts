import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Reason } from '../proof/index.ts';
import type { Outcome } from './chain-keeper.ts';

/** What is looked up when Prometheus asks. */
export interface Gauges {
  held(): number;
  connected(): boolean;
}

/** Names and registry of what the verifier counts. Each service has a registry of its own. */
export class VerifierMetrics {
  readonly registry = new Registry();
  readonly #proofs = this.#counter('proofs_total', 'Verdicts given, duplicates answered again included', 'verdict');
  readonly #reasons = this.#counter('proof_reasons_total', 'Reasons of flagged and rejected proofs', 'reason');
  readonly #refusals = this.#counter('refusals_total', 'Messages turned away, by reason', 'reason');
  readonly #readings = this.#counter('readings_total', 'Readings stored', 'kind');
  readonly #receipts = this.#counter('receipts_total', 'Receipts, by what became of them', 'outcome');
  readonly #unknown = this.#counter('unknown_device_messages_total', 'Messages of devices that nobody admitted');
  readonly #signatures = this.#counter('signature_failures_total', 'Messages with a bad signature');
  readonly #ledgerWrites = this.#counter('ledger_writes_total', 'Messages whose verdict is on the disk');
  readonly #commits = this.#counter('ledger_commits_total', 'Transactions, each of which holds one message or more');
  readonly #latency = new Histogram({
    name: 'fieldseal_verifier_message_seconds',
    help: 'From the arrival of a message until its verdict is on the disk',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [this.registry],
  });

  constructor(gauges: Gauges) {
    this.#gauge('held_proofs', 'Proofs that wait for their predecessors', gauges.held);
    this.#gauge('broker_connected', '1 while connected to the broker', () => (gauges.connected() ? 1 : 0));
  }

  verdict({ verdict, reasons }: Outcome): void {
    this.#proofs.inc({ verdict });
    if (verdict !== 'duplicate') for (const reason of reasons) this.#reasons.inc({ reason });
  }

  reading(kind: string): void {
    this.#readings.inc({ kind });
  }

  refusal(reason: Reason): void {
    this.#refusals.inc({ reason });
    if (reason === 'unknown-device') this.#unknown.inc();
    if (reason === 'signature' || reason === 'high-s') this.#signatures.inc();
  }

  receipt(outcome: 'published' | 'undelivered' | 'unsigned'): void {
    this.#receipts.inc({ outcome });
  }

  commit(messages: number): void {
    this.#commits.inc();
    this.#ledgerWrites.inc(messages);
  }

  message(seconds: number): void {
    this.#latency.observe(seconds);
  }

  #counter<L extends string = never>(name: string, help: string, label?: L): Counter<L> {
    const labelNames = label === undefined ? [] : [label];
    return new Counter({ name: `fieldseal_verifier_${name}`, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, value: () => number): Gauge {
    return new Gauge({
      name: `fieldseal_verifier_${name}`,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }
}
