import { isDeepStrictEqual } from 'node:util';
import { BrokerConnection } from '../broker/index.ts';
import type { DaemonConfig } from '../config/index.ts';
import type { BeaconOrder } from '../proof/index.ts';
import { runStages } from '../stages.ts';
import { statusMessages, Uplink } from '../uplink/index.ts';
import { SOFTWARE } from '../version.ts';
import type { Ground } from './ground.ts';
import type { Plan } from './plan.ts';
import type { GatewaySurroundings } from './surroundings.ts';

/** How long the broker keeps receipts for a gateway that is away. */
const SESSION_EXPIRY_SECONDS = 86_400;

/** The way to the verifier: a connection to the broker, and the uplink that uses it. */
export class Link {
  readonly connection: BrokerConnection;
  readonly uplink: Uplink;
  readonly #made: unknown;

  constructor(
    plan: Plan,
    { outbox, sealer, signer, kid, recent }: Ground,
    { log, observer }: GatewaySurroundings,
    transmit: (beacon: BeaconOrder) => boolean,
  ) {
    const { mqtt, uplink } = plan.config;
    this.#made = madeOf(plan);
    this.connection = new BrokerConnection(mqtt, {
      clientId: `fieldseal-${kid.slice(0, 12)}`,
      sessionExpirySeconds: SESSION_EXPIRY_SECONDS,
      status: statusMessages(mqtt.prefix, kid, SOFTWARE),
      log,
    });
    this.uplink = new Uplink(uplink, mqtt, {
      connection: this.connection,
      outbox,
      verifierKey: plan.verifierKey,
      publicKey: signer.publicKey,
      log,
      onNonce: ({ nonce, expiry }) => sealer.setNonce(nonce, expiry),
      onBeacon: (beacon) =>
        log.info({ frequency: beacon.frequency, sent: transmit(beacon) }, 'the verifier asks for a beacon'),
      onPublish: (entry, times) => observer?.onPublished?.(entry.digest, times),
      onReceipt: (receipt, outcome) => {
        recent.receipt(receipt);
        observer?.onReceipt?.(receipt, outcome);
      },
    });
  }

  /** Whether a plan leaves the link as it is. */
  serves(plan: Plan): boolean {
    return isDeepStrictEqual(this.#made, madeOf(plan));
  }

  /** Delivers until the signal. @throws FieldsealError OUTBOX_UNUSABLE, or where a password or certificate file is missing at first */
  run(signal: AbortSignal): Promise<void> {
    return runStages(signal, [[(stop) => this.uplink.run(stop), (stop) => this.connection.run(stop)]]);
  }
}

const madeOf = ({
  config,
  verifierKey,
}: Plan): { mqtt: DaemonConfig['mqtt']; uplink: unknown; verifierKey: unknown } => ({
  mqtt: config.mqtt,
  uplink: config.uplink,
  verifierKey,
});
