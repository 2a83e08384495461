import { once } from 'node:events';
import { BrokerConnection, deviceTopic, PublishError } from '../broker/index.ts';
import type { VerifierConfig } from '../config/schema.ts';
import { FieldsealError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type BeaconOrder, type DigestSigner, kidToText, signChallenge } from '../proof/index.ts';
import type { Ledger } from './ledger/ledger.ts';
import { NonceIssuer } from './nonces.ts';

/** How long the broker may take to be there. */
const CONNECT_TIMEOUT_MS = 15_000;

export interface ChallengeOptions {
  readonly signer: DigestSigner;
  readonly ledger: Ledger;
  readonly log: Log;
  /** ms since the Unix epoch */
  readonly now: number;
  /** What the device's radio is asked to transmit. */
  readonly beacon?: BeaconOrder;
}

/**
 * Challenges an admitted device over the broker: its next proof carries the nonce, and its radio transmits the beacon.
 *
 * @returns the nonce and its expiry in ms; undefined where the device is not admitted or suspended
 * @throws FieldsealError of the broker where it does not take the message
 */
export async function challengeDevice(
  { mqtt, checks }: VerifierConfig,
  kid: Uint8Array,
  { signer, ledger, log, now, beacon }: ChallengeOptions,
): Promise<{ nonce: Uint8Array; expiry: number } | undefined> {
  if (ledger.devices.find(kid)?.state !== 'active') return undefined;
  const nonce = new NonceIssuer(ledger.secret('nonces'), checks.nonceLifetime).issue(kid, now);
  const challenge = await signChallenge({ kid, ...nonce, ...(beacon === undefined ? {} : { beacon }) }, signer);
  // A client id of its own: the service's session at the broker is not to be taken over.
  const { clientId: _service, ...own } = mqtt;
  const connection = new BrokerConnection(own, { clientId: `fieldseal-challenge-${process.pid}`, log });
  const stop = new AbortController();
  const failed = once(connection, 'failed', { signal: stop.signal }).then(([error]) => Promise.reject(error));
  const running = connection.run(stop.signal);
  try {
    const connected = once(connection, 'connected', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    await Promise.race([connected, failed, running]);
    await connection.publish(deviceTopic(mqtt.prefix, kidToText(kid), 'challenge'), challenge);
    return nonce;
  } catch (error) {
    const isAway = error instanceof PublishError || (error instanceof Error && error.name === 'AbortError');
    if (!isAway) throw error;
    const detail = error instanceof PublishError ? error.message : 'no answer';
    throw new FieldsealError('BROKER_UNREACHABLE', { detail, place: 'mqtt.url', cause: error });
  } finally {
    failed.catch(() => {});
    stop.abort();
    await running;
  }
}
