import { randomBytes } from 'node:crypto';
import { aborted, pause } from './abort.ts';
import { BrokerConnection } from './broker/index.ts';
import { Clock } from './clock/index.ts';
import type { DaemonConfig } from './config/index.ts';
import { FieldsealError } from './errors.ts';
import { type GatewayStatus, type Notify, readHostHealth, SystemdNotifier } from './health/index.ts';
import { Intake } from './intake.ts';
import type { Log } from './log.ts';
import { serveMetrics } from './metrics-server.ts';
import { Outbox } from './outbox/index.ts';
import { PortSource } from './port-source.ts';
import { loadZones, type PrivacyZones } from './privacy/index.ts';
import { kidToText, type PublicKey, type Receipt, thumbprint } from './proof/index.ts';
import { type ChainStart, type SealedProof, Sealer } from './sealing/index.ts';
import { openSigner, type Signer } from './signing/index.ts';
import { HOST_SOURCE, loadSources, type Sources } from './sources.ts';
import { runStages, type Task } from './stages.ts';
import { statusMessages, Uplink } from './uplink/index.ts';
import { readVerifierKey } from './verifier-key.ts';
import { SOFTWARE } from './version.ts';

/** systemd allows a service ten seconds to stop; the token and the broker need theirs. */
const FAREWELL_MS = 2_000;
/** How long the broker keeps receipts for a gateway that is away. */
const SESSION_EXPIRY_SECONDS = 86_400;
const STATUS_PERIOD_MS = 10_000;
/** Beyond a batch's age and the token's time: a token that fails is asked again at least as often. */
const GRACE_MS = 60_000;

/** What the gateway needs of the process that it runs in. */
export interface GatewaySurroundings {
  readonly log: Log;
  readonly notify: Notify;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly observer?: GatewayObserver;
  /** How long the receipts for what was sealed at the end may take. */
  readonly farewellMs?: number;
}

/** Whoever wants to watch, such as the demo. */
export interface GatewayObserver {
  onReady?(status: () => GatewayStatus): void;
  onSealed?(proof: SealedProof): void;
  onPublished?(digest: string, times: number): void;
  onReceipt?(receipt: Receipt, outcome: 'dropped' | 'quarantined' | 'unknown'): void;
}

/** What has to be there before the rooms can be built. */
interface Ground {
  readonly sources: Sources;
  readonly zones: PrivacyZones;
  readonly verifierKey: PublicKey;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly start: ChainStart;
}

interface Rooms {
  readonly ports: readonly PortSource[];
  readonly intake: Intake;
  readonly sealer: Sealer;
  readonly outbox: Outbox;
  readonly uplink: Uplink;
  readonly connection: BrokerConnection;
}

/** The composition root: builds the rooms, joins their run()s, and stops them in the order of the data's way. */
export class Gateway {
  readonly #config: DaemonConfig;
  readonly #around: GatewaySurroundings;
  readonly #clock = new Clock();

  constructor(config: DaemonConfig, around: GatewaySurroundings) {
    this.#config = config;
    this.#around = around;
  }

  /**
   * Runs until the signal, then seals what is left.
   *
   * @throws FieldsealError for what an operator has to mend before it can start; a bug as what it is
   */
  async run(signal: AbortSignal): Promise<void> {
    const sources = await loadSources(this.#config);
    const zones = await loadZones(this.#config.privacy.zones);
    const verifierKey = await readVerifierKey(this.#config.verifier.publicKeyFile);
    const signer = await openSigner(this.#config.signer);
    try {
      const owner = kidToText(thumbprint(signer.publicKey));
      const outbox = new Outbox(this.#config.outbox, { log: this.#around.log, now: this.#clock.now, owner });
      const { head } = await outbox.open();
      const start = head ?? { epoch: new Uint8Array(randomBytes(16)) };
      const rooms = this.#build({ sources, zones, verifierKey, signer, outbox, start });
      try {
        await this.#join(rooms, thumbprint(signer.publicKey), signal);
      } catch (error) {
        // What an operator has to mend has cost no reading: the next run need not declare a loss.
        if (error instanceof FieldsealError && rooms.sealer.stats.waiting === 0) await outbox.close();
        throw error;
      }
      await outbox.close();
    } finally {
      await signer.close();
    }
  }

  #build({ sources, zones, verifierKey, signer, outbox, start }: Ground): Rooms {
    const { log, observer } = this.#around;
    const { mqtt, uplink: uplinkConfig, batching } = this.#config;
    const kid = thumbprint(signer.publicKey);
    const sealer = new Sealer(batching, {
      signer,
      start,
      store: async (proof, readings) => {
        await outbox.append(proof.message, proof.head, proof.declared);
        await intake.stored(readings);
        observer?.onSealed?.(proof);
      },
      losses: () => outbox.losses,
      noteLoss: (loss) => outbox.addLoss(loss),
      sources: sources.proofSources,
      clock: this.#clock,
      software: SOFTWARE,
      log: log.child({ room: 'sealing' }),
    });
    const intake = new Intake(
      { ...this.#config, cameras: sources.cameras },
      {
        zones,
        onReading: (reading) => sealer.add(reading),
        onLoss: (loss) => sealer.declare(loss),
        clock: this.#clock,
        log,
      },
    );
    const connection = new BrokerConnection(mqtt, {
      clientId: `fieldseal-${kidToText(kid).slice(0, 12)}`,
      sessionExpirySeconds: SESSION_EXPIRY_SECONDS,
      status: statusMessages(mqtt.prefix, kidToText(kid), SOFTWARE),
      log,
    });
    const uplink = new Uplink(uplinkConfig, mqtt, {
      connection,
      outbox,
      verifierKey,
      publicKey: signer.publicKey,
      log,
      onNonce: ({ nonce, expiry }) => sealer.setNonce(nonce, expiry),
      onBeacon: (beacon) => {
        const asked = ports.filter(({ source }) => beacon.source === undefined || source === beacon.source);
        const sent = asked.some((port) => port.transmit(beacon));
        log.info({ frequency: beacon.frequency, sent }, 'the verifier asks for a beacon');
      },
      onPublish: (entry, times) => observer?.onPublished?.(entry.digest, times),
      onReceipt: (receipt, outcome) => observer?.onReceipt?.(receipt, outcome),
    });
    outbox.on('changed', () => {
      if (outbox.losses.length > 0) sealer.noticeLosses();
    });
    const ports = sources.ports.map(
      ({ port, profile }) =>
        new PortSource(port, profile, {
          onReading: (reading) => intake.take(reading),
          onLoss: (loss) => sealer.declare(loss),
          clock: this.#clock,
          log,
        }),
    );
    return { ports, intake, sealer, outbox, uplink, connection };
  }

  /** Runs the rooms. At the end the ports stop first, then the sealer, and the uplink when it has had its farewell. */
  async #join(rooms: Rooms, kid: Uint8Array, signal: AbortSignal): Promise<void> {
    const { ports, intake, sealer, outbox, uplink, connection } = rooms;
    const { log, notify, env, observer, farewellMs = FAREWELL_MS } = this.#around;
    await intake.open();
    const systemd = new SystemdNotifier(notify, env);
    const status = () => this.#status(rooms, kidToText(kid));
    signal.addEventListener('abort', () => systemd.stopping(), { once: true });
    const metrics = this.#config.health.listen;
    const running = runStages(signal, [
      [
        ...[...ports, ...intake.cameras].map(
          (source): Task =>
            (stop) =>
              source.run(stop),
        ),
        (stop) => this.#watchHost(sealer, stop),
      ],
      [(stop) => intake.run(stop)],
      [(stop) => sealer.run(stop)],
      [(stop) => sayFarewell(outbox, farewellMs, stop)],
      [
        (stop) => uplink.run(stop),
        (stop) => connection.run(stop),
        (stop) => systemd.run(stop, () => sealer.makesProgress(this.#config.signer.timeout + GRACE_MS)),
        (stop) => tellStatus(systemd, status, stop),
        ...(metrics === undefined ? [] : [serveOn(metrics, status)]),
      ],
    ]);
    log.info({ kid: kidToText(kid), ports: ports.length }, 'gateway runs');
    systemd.ready();
    observer?.onReady?.(status);
    await running;
    log.info({}, 'gateway stopped');
  }

  async #watchHost(sealer: Sealer, signal: AbortSignal): Promise<void> {
    const { interval } = this.#config.health;
    while (interval > 0 && !signal.aborted) {
      const fields = await readHostHealth(this.#config.outbox.directory);
      sealer.add({ kind: 'host.health', source: HOST_SOURCE.source, t: this.#clock.now(), fields });
      await pause(interval, signal);
    }
  }

  #status({ ports, intake, sealer, outbox, uplink, connection }: Rooms, kid: string): GatewayStatus {
    const { head } = sealer;
    const [oldest] = outbox.pending();
    const { source, uncertaintyMs } = this.#clock.state();
    return {
      kid,
      sources: [...ports.map((port) => port.status()), ...intake.status()],
      sealer: sealer.stats,
      chain: { epoch: Buffer.from(head.epoch).toString('hex'), seq: 'seq' in head ? head.seq : undefined },
      outbox: {
        proofs: outbox.size,
        bytes: outbox.bytes,
        oldest: oldest?.written,
        quarantined: outbox.stats.rejected + outbox.stats.corrupt,
      },
      uplink: {
        connected: connection.connected,
        published: uplink.stats.published,
        republished: uplink.stats.republished,
        receipts: uplink.stats.receipts,
        badReceipts: Object.values(uplink.stats.badAnswers).reduce((sum, count) => sum + count, 0),
      },
      clock: { source, uncertaintyMs },
    };
  }
}

const serveOn = (listen: string, status: () => GatewayStatus): Task => {
  return async (stop) => {
    const { createMetrics } = await import('./health/metrics.ts');
    await serveMetrics(listen, createMetrics(status), stop, { place: 'health.listen' });
  };
};

/** Gives what was sealed at the end a moment to be delivered; what has no receipt by then waits in the outbox. */
async function sayFarewell(outbox: Outbox, ms: number, stop: AbortSignal): Promise<void> {
  await aborted(stop);
  const enough = AbortSignal.timeout(ms);
  const empty = new Promise<void>((resolve) => {
    const look = () => outbox.size === 0 && resolve();
    outbox.on('changed', look);
    look();
  });
  await Promise.race([empty, aborted(enough)]);
}

/** Keeps the line of `systemctl status` current. */
async function tellStatus(systemd: SystemdNotifier, status: () => GatewayStatus, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const { sources, outbox, uplink } = status();
    const states = sources.map(({ source, state }) => `${source} ${state}`).join(', ');
    systemd.status(`${states}; ${outbox.proofs} proofs wait; broker ${uplink.connected ? 'connected' : 'away'}`);
    await pause(STATUS_PERIOD_MS, signal);
  }
}
