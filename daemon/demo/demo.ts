import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDeviceTopic } from '../broker/index.ts';
import { Gateway, type GatewayObserver } from '../gateway.ts';
import type { GatewayStatus } from '../health/index.ts';
import type { Log } from '../log.ts';
import { loadNative } from '../native.ts';
import { openSigner } from '../signing/index.ts';
import { Track, VirtualDevice } from '../simulator/index.ts';
import { runStages } from '../stages.ts';
import { VerifierService } from '../verifier/index.ts';
import { EmbeddedBroker } from './embedded-broker.ts';
import { makeDemoFolder, setStage } from './stage.ts';
import type { DemoView, ProofView } from './table.ts';

export interface DemoOptions {
  /** How many accepted proofs end it. */
  readonly proofs: number;
  readonly keep: string | undefined;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told each event as it happens: `event` and what belongs to it. */
  readonly onEvent: (event: DemoEvent) => void;
}

export interface DemoEvent {
  readonly event: 'started' | 'sealed' | 'published' | 'receipt';
  readonly [name: string]: string | number | boolean | readonly string[];
}

export interface DemoSummary {
  readonly accepted: number;
  readonly flagged: number;
  readonly rejected: number;
  readonly sealed: number;
  readonly readings: number;
  /** Bytes of the accepted proofs as published. */
  readonly bytes: number;
  /** Proofs that still wait in the outbox. */
  readonly waiting: number;
  readonly seconds: number;
  readonly device: string;
  readonly kept?: string;
}

/** So long after the last proof but one, the gateway is told to stop: what it then holds is the last proof. */
const LAST_PROOF_MS = 1_000;
/** A laden machine may take its time over the last receipt. */
const FAREWELL_MS = 20_000;

/** The whole of Fieldseal on one machine: virtual receivers, a SoftHSM key, a broker, the gateway and the verifier. */
export class Demo {
  readonly #options: DemoOptions;
  readonly #began = performance.now();
  readonly #proofs = new Map<string, ProofView>();
  readonly #verdicts = { accepted: 0, flagged: 0, rejected: 0, duplicate: 0 };
  readonly #done = new AbortController();
  readonly #files: Promise<void>[] = [];
  #acceptedBytes = 0;
  #status: (() => GatewayStatus) | undefined;
  #counts = { proofs: 0, receipts: 0 };

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  /** What the table shows; undefined until the gateway runs. */
  view(): DemoView | undefined {
    if (this.#status === undefined) return undefined;
    return {
      status: this.#status(),
      wanted: this.#options.proofs,
      accepted: this.#verdicts.accepted,
      elapsedMs: performance.now() - this.#began,
      proofs: [...this.#proofs.values()].slice(-6),
    };
  }

  /** Plays until enough proofs are accepted, or until the signal. */
  async run(signal: AbortSignal): Promise<DemoSummary> {
    const { keep, log, env } = this.#options;
    const folder = await makeDemoFolder(keep);
    const broker = await EmbeddedBroker.start();
    const start = Date.now();
    const nmea = new VirtualDevice({ model: 'nmea', rateHz: 1, track: new Track({ start, seed: 1 }), baudRate: 9_600 });
    const ublox = new VirtualDevice({
      model: 'ublox',
      rateHz: 10,
      track: new Track({ start, seed: 2 }),
      baudRate: 115_200,
    });
    const stage = await setStage(folder, {
      keep,
      brokerUrl: broker.url,
      nmeaPort: nmea.open(),
      ubloxPort: ublox.open(),
    });
    const receiptSigner = await openSigner(stage.verifier.signer);
    try {
      broker.onPublish((topic, payload) => this.#tap(stage.daemon.mqtt.prefix, folder, topic, payload));
      const native = loadNative();
      const gateway = new Gateway(stage.daemon, {
        log,
        notify: (state) => native.sdNotify(state),
        env,
        farewellMs: FAREWELL_MS,
        observer: this.#observer(folder),
      });
      const verifier = new VerifierService(stage.verifier, { signer: receiptSigner, log });
      await runStages(AbortSignal.any([signal, this.#done.signal]), [
        [(stop) => gateway.run(stop)],
        [(stop) => verifier.run(stop), (stop) => nmea.run(stop), (stop) => ublox.run(stop)],
      ]);
      await Promise.all(this.#files);
      return this.#summary();
    } finally {
      await receiptSigner.close();
      await broker.stop();
      await stage.clear();
    }
  }

  #observer(folder: string): GatewayObserver {
    const { onEvent } = this.#options;
    return {
      onReady: (status) => {
        this.#status = status;
        onEvent({ event: 'started', device: status().kid, folder });
        this.#endAfter(0);
      },
      onSealed: ({ head, readings, message }) => {
        const digest = Buffer.from(head.digest).toString('hex');
        this.#proofs.set(digest, { seq: head.seq, readings, bytes: message.length, state: 'sealed' });
        onEvent({ event: 'sealed', seq: head.seq, readings, bytes: message.length, digest });
        this.#endAfter(this.#proofs.size);
      },
      onPublished: (digest, times) => {
        const seq = this.#advance(digest, 'published');
        onEvent({ event: 'published', seq, digest, times });
      },
      onReceipt: ({ digest: bytes, verdict, reasons }, outcome) => {
        const digest = Buffer.from(bytes).toString('hex');
        const seq = this.#advance(digest, verdict);
        if (outcome !== 'unknown') this.#verdicts[verdict] += 1;
        if (outcome === 'dropped' && verdict === 'accepted')
          this.#acceptedBytes += this.#proofs.get(digest)?.bytes ?? 0;
        onEvent({ event: 'receipt', seq, digest, verdict, reasons, outcome });
      },
    };
  }

  /** The gateway seals what it holds when it stops: with all proofs but one sealed, that is the last one. */
  #endAfter(sealed: number): void {
    if (sealed === this.#options.proofs - 1) setTimeout(() => this.#done.abort(), LAST_PROOF_MS);
  }

  #advance(digest: string, state: string): number {
    const known = this.#proofs.get(digest);
    if (known !== undefined) this.#proofs.set(digest, { ...known, state });
    return known?.seq ?? -1;
  }

  /** Keeps what goes over the broker, byte for byte. */
  #tap(prefix: string, folder: string, topic: string, payload: Uint8Array): void {
    const leaf = parseDeviceTopic(prefix, topic)?.leaf;
    if (this.#options.keep === undefined || (leaf !== 'proof' && leaf !== 'receipt')) return;
    const counter = `${leaf}s` as const;
    const name = `${String(this.#counts[counter]).padStart(6, '0')}.cose`;
    this.#counts[counter] += 1;
    this.#files.push(writeFile(join(folder, counter, name), payload));
  }

  #summary(): DemoSummary {
    const status = this.#status?.();
    const { accepted, flagged, rejected } = this.#verdicts;
    return {
      accepted,
      flagged,
      rejected,
      sealed: status?.sealer.proofs ?? 0,
      readings: status?.sealer.readings ?? 0,
      bytes: this.#acceptedBytes,
      waiting: status?.outbox.proofs ?? 0,
      seconds: Math.round((performance.now() - this.#began) / 100) / 10,
      device: status?.kid ?? '',
      ...(this.#options.keep === undefined ? {} : { kept: this.#options.keep }),
    };
  }
}
