import { randomInt } from 'node:crypto';
import type { Fields } from '../../../readings/index.ts';
import type { BeaconRequest } from '../../protocol.ts';
import { NO_ANSWER, REFUSED, SENT } from '../beacon.ts';
import { scaled } from '../numbers.ts';
import { asObject, type Datagram } from './datagram.ts';

const ANSWER_MS = 5_000;
const MAX_PENDING = 64;

interface Own {
  readonly kind: 'own';
  readonly fields: Omit<Fields<'lora.beacon'>, 'result'>;
  readonly until: number;
}

interface Relayed {
  readonly kind: 'relayed';
  /** The server that asked for it, and its own token. */
  readonly peer: string;
  readonly token: number;
  readonly until: number;
}

/** The PULL_RESPs whose TX_ACK is still to come, by token: our own, and those of the server that is passed on to. */
export class Downlinks {
  readonly #pending = new Map<number, Own | Relayed>();
  #token = randomInt(0x10000);

  /** A token for a request of ours; undefined while too many wait. */
  addOwn(fields: Own['fields'], t: number): number | undefined {
    return this.#add({ kind: 'own', fields, until: t + ANSWER_MS });
  }

  /** A token under which a server's request goes to the forwarder. */
  addRelayed(peer: string, token: number, t: number): number | undefined {
    return this.#add({ kind: 'relayed', peer, token, until: t + 6 * ANSWER_MS });
  }

  /** The request that a TX_ACK answers, once. */
  take(token: number): Own | Relayed | undefined {
    const request = this.#pending.get(token);
    this.#pending.delete(token);
    return request;
  }

  /** Requests of ours that were never answered. Those of a server are forgotten as well. */
  expire(t: number): Fields<'lora.beacon'>[] {
    const beacons: Fields<'lora.beacon'>[] = [];
    for (const [token, request] of this.#pending) {
      if (request.until > t) continue;
      this.#pending.delete(token);
      if (request.kind === 'own') beacons.push({ ...request.fields, result: NO_ANSWER });
    }
    return beacons;
  }

  #add(request: Own | Relayed): number | undefined {
    if (this.#pending.size >= MAX_PENDING) return undefined;
    do this.#token = (this.#token + 1) & 0xffff;
    while (this.#pending.has(this.#token));
    this.#pending.set(this.#token, request);
    return this.#token;
  }
}

/** The txpk object of a beacon (Semtech protocol, section 6): at a value of the counter, or at once. */
export function encodeTxpk(beacon: BeaconRequest, counter: number | undefined): object {
  return {
    txpk: {
      ...(counter === undefined ? { imme: true } : { imme: false, tmst: counter }),
      freq: beacon.frequency / 1e6,
      rfch: 0,
      powe: Math.round(beacon.power),
      modu: 'LORA',
      datr: `SF${beacon.spreadingFactor}BW${beacon.bandwidth / 1000}`,
      codr: `4/${beacon.codingRate}`,
      ipol: false,
      size: beacon.payload.length,
      data: Buffer.from(beacon.payload).toString('base64'),
    },
  };
}

/**
 * What a TX_ACK says (section 6): nothing, or the error NONE, is success; another error is a refusal; the warning
 * TX_POWER gives the power that is really used.
 */
export function readTxAck({ body }: Datagram): Pick<Fields<'lora.beacon'>, 'result' | 'error' | 'power'> {
  const answer = asObject(body?.['txpk_ack']);
  const error = answer?.['error'];
  if (typeof error === 'string' && error !== 'NONE' && error !== '') {
    return { result: REFUSED, error: error.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64) };
  }
  const power = answer?.['warn'] === 'TX_POWER' ? scaled(answer['value'], 1, -500, 500) : undefined;
  return power === undefined ? { result: SENT } : { result: SENT, power };
}
