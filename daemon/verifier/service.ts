import { setTimeout as wait } from 'node:timers/promises';
import { aborted, pause } from '../abort.ts';
import { anyDeviceFilter, BrokerConnection, type Message, parseDeviceTopic } from '../broker/index.ts';
import type { VerifierConfig } from '../config/schema.ts';
import type { Log } from '../log.ts';
import { serveMetrics } from '../metrics-server.ts';
import { type DigestSigner, kidFromText, kidToText, thumbprint } from '../proof/index.ts';
import { runStages } from '../stages.ts';
import type { Outcome } from './chain-keeper.ts';
import { Desk } from './desk.ts';
import { Gate } from './gate.ts';
import { Judge } from './judge.ts';
import { type Ledger, openLedger } from './ledger/ledger.ts';
import { VerifierMetrics } from './metrics.ts';
import { NonceIssuer } from './nonces.ts';
import { Notices } from './notices.ts';
import { ReceiptWriter } from './receipts.ts';

/** How long a proof is held for its predecessors while none comes and the broker is there to bring them: the device sends them again. */
const HOLD_GRACE_MS = 10 * 60_000;
/** How often held proofs are looked at. */
const SWEEP_MS = 5_000;
/** How long the broker keeps what comes while the verifier is away. */
const SESSION_EXPIRY_SECONDS = 7 * 86_400;
/** Messages under way from the broker, whose verdicts may share a commit. */
const RECEIVE_MAXIMUM = 256;
/** How long the last receipts may take at the end. */
const FAREWELL_MS = 2_000;

export interface VerifierSurroundings {
  /** Signs the receipts. */
  readonly signer: DigestSigner;
  readonly log: Log;
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  readonly holdGraceMs?: number;
  readonly sweepMs?: number;
  /** Told each verdict once it is on the disk; duplicates included. */
  readonly onVerdict?: (outcome: Outcome) => void;
  /** Told when the broker has granted the subscription, at each connection. */
  readonly onConnected?: () => void;
}

/**
 * The verifier: takes proofs from the broker, checks them, writes verdicts and readings into the ledger, and answers with signed
 * receipts. A message is acknowledged to the broker only when its verdict is on the disk.
 */
export class VerifierService {
  readonly #config: VerifierConfig;
  readonly #around: VerifierSurroundings;
  readonly #log: Log;
  readonly #now: () => number;

  constructor(config: VerifierConfig, around: VerifierSurroundings) {
    this.#config = config;
    this.#around = around;
    this.#log = around.log.child({ room: 'verifier' });
    this.#now = around.now ?? Date.now;
  }

  /**
   * Verifies until the signal.
   *
   * @throws FieldsealError LEDGER_UNUSABLE, LISTEN_FAILED, whatever the signer throws that does not pass by itself, and what the
   *   broker connection cannot start with (FILE_NOT_READABLE).
   */
  async run(signal: AbortSignal): Promise<void> {
    const ledger = openLedger(this.#config.ledger);
    try {
      await this.#verify(ledger, signal);
    } finally {
      ledger.close();
    }
  }

  async #verify(ledger: Ledger, signal: AbortSignal): Promise<void> {
    const { mqtt, listen, checks } = this.#config;
    const connection = this.#connection();
    const metrics = new VerifierMetrics({
      held: () => ledger.read(() => ledger.chains.waiting()).reduce((sum, { held }) => sum + held, 0),
      connected: () => connection.connected,
    });
    const nonces = new NonceIssuer(ledger.secret('nonces'), checks.nonceLifetime);
    const online = new Gate();
    const receipts = new ReceiptWriter({
      signer: this.#around.signer,
      nonces,
      prefix: mqtt.prefix,
      now: this.#now,
      publish: (topic, payload, options) => connection.publish(topic, payload, options),
      online,
      metrics,
      log: this.#log,
    });
    const desk = new Desk({
      ledger,
      metrics,
      receipts,
      notices: new Notices(this.#log),
      judge: new Judge(ledger, nonces, checks),
      onVerdict: this.#around.onVerdict ?? (() => {}),
    });
    let connectedAt = Number.POSITIVE_INFINITY;
    connection.on('connected', () => {
      connectedAt = this.#now();
      online.open();
      this.#around.onConnected?.();
    });
    connection.on('disconnected', () => {
      connectedAt = Number.POSITIVE_INFINITY;
      online.close();
    });
    connection.subscribe([anyDeviceFilter(mqtt.prefix, 'proof')]);
    connection.onMessage((message) => this.#take(desk, message));
    const grace = this.#around.holdGraceMs ?? HOLD_GRACE_MS;
    await runStages(signal, [
      [
        (stop) => connection.run(lingering(stop, async () => (online.isOpen ? receipts.drained() : undefined))),
        (stop) => Promise.race([receipts.failed(), aborted(stop)]),
        (stop) => this.#sweep(() => desk.giveUpGaps(this.#now() - grace, connectedAt, this.#now()), stop),
        ...(listen === undefined ? [] : [(stop: AbortSignal) => serveMetrics(listen, metrics.registry, stop, PLACE)]),
      ],
    ]);
  }

  #connection(): BrokerConnection {
    const kid = kidToText(thumbprint(this.#around.signer.publicKey));
    return new BrokerConnection(this.#config.mqtt, {
      clientId: `fieldseal-verifier-${kid.slice(0, 12)}`,
      sessionExpirySeconds: SESSION_EXPIRY_SECONDS,
      receiveMaximum: RECEIVE_MAXIMUM,
      log: this.#around.log,
    });
  }

  async #take(desk: Desk, { topic, payload, properties }: Message): Promise<void> {
    const place = parseDeviceTopic(this.#config.mqtt.prefix, topic);
    const kid = place?.leaf === 'proof' ? kidFromText(place.kid) : undefined;
    if (kid === undefined) return desk.turnAway();
    await desk.take({ kid, message: payload, received: this.#now() }, properties);
  }

  async #sweep(giveUpGaps: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#around.sweepMs ?? SWEEP_MS, signal);
      if (!signal.aborted) await giveUpGaps();
    }
  }
}

const PLACE = { place: 'listen' };

/** A signal that follows `signal` when the farewell has come to its end, or has taken too long. */
function lingering(signal: AbortSignal, farewell: () => Promise<void>): AbortSignal {
  const end = new AbortController();
  const sayFarewell = () => {
    void Promise.race([farewell(), wait(FAREWELL_MS, undefined, { ref: false })]).then(() => end.abort());
  };
  if (signal.aborted) end.abort();
  else signal.addEventListener('abort', sayFarewell, { once: true });
  return end.signal;
}
