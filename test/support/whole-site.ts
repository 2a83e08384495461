import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { vi } from 'vitest';
import type { ClockHost } from '../../daemon/clock/index.ts';
import { loadDaemonConfig, loadVerifierConfig, type VerifierConfig } from '../../daemon/config/index.ts';
import { EmbeddedBroker } from '../../daemon/demo/embedded-broker.ts';
import { Gateway } from '../../daemon/gateway.ts';
import { publicKeyToJson, thumbprint } from '../../daemon/proof/index.ts';
import { makeEnrolment } from '../../daemon/self-enrolment.ts';
import { createKey, openSigner, type Signer } from '../../daemon/signing/index.ts';
import { runStages } from '../../daemon/stages.ts';
import { admit, openLedger, VerifierService } from '../../daemon/verifier/index.ts';
import { keptLog } from './kept-log.ts';

/** A reading as the ledger has it, of a proof that was accepted. */
export interface AcceptedReading {
  readonly kind: string;
  readonly source: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Broker, gateway and verifier in this process, with software keys: the whole path, for what devices make of it. */
export class WholeSite {
  readonly folder: string;
  readonly kid: Uint8Array;
  readonly verifier: VerifierConfig;
  readonly receiptSigner: Signer;
  readonly log = keptLog();
  readonly #broker: EmbeddedBroker;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  private constructor(parts: {
    folder: string;
    kid: Uint8Array;
    verifier: VerifierConfig;
    receiptSigner: Signer;
    broker: EmbeddedBroker;
    gateway: Gateway;
  }) {
    this.folder = parts.folder;
    this.kid = parts.kid;
    this.verifier = parts.verifier;
    this.receiptSigner = parts.receiptSigner;
    this.#broker = parts.broker;
    const service = new VerifierService(parts.verifier, { signer: parts.receiptSigner, log: this.log });
    this.#running = runStages(this.#stop.signal, [[(stop) => parts.gateway.run(stop)], [(stop) => service.run(stop)]]);
    this.#running.catch(() => {});
  }

  /**
   * @param sections of the daemon's configuration: ports, cameras, preset ... as YAML
   * @param clockHost the gateway's clocks, where they are not those of this host
   */
  static async start(sections: string, clockHost?: ClockHost): Promise<WholeSite> {
    const folder = await mkdtemp(join(tmpdir(), 'fieldseal-whole-'));
    const broker = await EmbeddedBroker.start();
    await createKey(`file:${join(folder, 'device.json')}`, 'ES256K');
    const verifierKey = await createKey(`file:${join(folder, 'receipts.json')}`, 'ES256K');
    await writeFile(join(folder, 'verifier.json'), JSON.stringify(publicKeyToJson(verifierKey)));
    const mqtt = `mqtt: { url: ${JSON.stringify(broker.url)} }`;
    await writeFile(
      join(folder, 'fieldseal.yaml'),
      `signer: { uri: "file:device.json", algorithm: ES256K }
batching: { maxAge: 500ms }
outbox: { directory: outbox }
${mqtt}
verifier: { publicKeyFile: verifier.json }
${/^clock:/m.test(sections) ? '' : 'clock: { wait: 0s, gnss: false }\n'}health: { interval: 1s }
${sections}
`,
    );
    await writeFile(
      join(folder, 'verifier.yaml'),
      `signer: { uri: "file:receipts.json", algorithm: ES256K }\nledger: ledger.sqlite\n${mqtt}\n`,
    );
    const daemon = await loadDaemonConfig(join(folder, 'fieldseal.yaml'));
    const verifier = await loadVerifierConfig(join(folder, 'verifier.yaml'));
    const signer = await openSigner(daemon.signer);
    const { record } = await makeEnrolment(daemon, signer, {});
    const { publicKey } = signer;
    await signer.close();
    const ledger = openLedger(verifier.ledger);
    admit(ledger, record, Date.now());
    ledger.close();
    const log = keptLog();
    const gateway = new Gateway(daemon, {
      ...{ log, notify: () => false, env: {} },
      ...(clockHost === undefined ? {} : { clockHost }),
    });
    const receiptSigner = await openSigner(verifier.signer);
    return new WholeSite({ folder, kid: thumbprint(publicKey), verifier, receiptSigner, broker, gateway });
  }

  /** Every reading of the proofs that were accepted so far. */
  accepted(): AcceptedReading[] {
    const database = new Database(this.verifier.ledger, { readonly: true });
    try {
      const rows = database
        .prepare<[], { kind: string; source: string; fields: string }>(
          `SELECT r.kind, r.source, r.fields FROM readings r JOIN proofs p ON r.proof = p.id WHERE p.verdict = 'accepted'`,
        )
        .all();
      return rows.map(({ kind, source, fields }) => ({ kind, source, fields: JSON.parse(fields) }));
    } finally {
      database.close();
    }
  }

  /** Waits until the accepted readings are as `look` wants them. */
  async until(look: (readings: AcceptedReading[]) => void, timeout = 40_000): Promise<void> {
    await Promise.race([vi.waitFor(() => look(this.accepted()), { timeout, interval: 250 }), this.#running]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await this.receiptSigner.close();
    await this.#broker.stop();
    await rm(this.folder, { recursive: true });
  }
}
