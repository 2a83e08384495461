import type { Fields, Observation } from '../../../readings/index.ts';
import { MessageCounter } from '../../counter.ts';
import type { BeaconRequest, Decoder, DecoderOptions, DecoderStats, Frame, NoiseReason } from '../../protocol.ts';
import { beaconFields } from '../beacon.ts';
import { type PayloadRule, payloadRule } from '../payload.ts';
import { CounterClock } from './counter-clock.ts';
import {
  asObject,
  DATAGRAM_NAMES,
  type Datagram,
  encodeHeader,
  encodePullResp,
  isHeader,
  PULL_ACK,
  PULL_DATA,
  PULL_RESP,
  PUSH_ACK,
  PUSH_DATA,
  readDatagram,
  TX_ACK,
  withToken,
} from './datagram.ts';
import { Downlinks, encodeTxpk, readTxAck } from './downlinks.ts';
import { DatagramFramer } from './framer.ts';
import { readRxpk } from './rxpk.ts';
import { readStat } from './stat.ts';
import { Upstream } from './upstream.ts';

/** A forwarder that has not pulled for so long is not there any more; it does every 10 s by default. */
const PULL_FRESH_MS = 120_000;

interface Gateway {
  readonly peer: string;
  readonly version: number;
  readonly eui: Uint8Array;
  readonly at: number;
}

/**
 * The server's side of a Semtech packet forwarder's protocol. With a peer, a chunk is a datagram and is answered;
 * without one, as of a recording, chunks are pieces of a stream of datagrams.
 */
export class SemtechUdpDecoder implements Decoder {
  readonly #send: DecoderOptions['send'];
  readonly #rule: PayloadRule;
  readonly #leadMs: number;
  readonly #upstream: Upstream | undefined;
  readonly #framer = new DatagramFramer();
  readonly #downlinks = new Downlinks();
  readonly #clock = new CounterClock();
  readonly #messages = new MessageCounter();
  readonly #noise: Partial<Record<NoiseReason, number>> = {};
  #gateway: Gateway | undefined;
  #bytes = 0;
  #frames = 0;
  #frameBytes = 0;

  constructor({ send, settings = {} }: DecoderOptions) {
    this.#send = send;
    this.#rule = payloadRule(settings['payload']);
    this.#leadMs = typeof settings['leadTime'] === 'number' ? settings['leadTime'] : 0;
    const forwardTo = settings['forwardTo'];
    this.#upstream = typeof forwardTo === 'string' && forwardTo !== '' ? new Upstream(forwardTo) : undefined;
  }

  get stats(): DecoderStats {
    return {
      bytes: this.#bytes,
      frames: { gwmp: this.#frames },
      messages: this.#messages.totals(),
      noise: { ...this.#noise },
      frameBytes: this.#frameBytes,
    };
  }

  get frameCount(): number {
    return this.#frames;
  }

  push(chunk: Uint8Array, t: number, peer?: string): Observation[] {
    this.#bytes += chunk.length;
    if (peer === undefined) return this.#takeAll(this.#framer.push(chunk), t);
    if (chunk.length < 4) return this.#giveUp('short', chunk.length);
    if (!isHeader(chunk, 0)) return this.#giveUp('sync', chunk.length);
    this.#acknowledge(chunk, peer);
    const datagram = readDatagram(chunk);
    return datagram === undefined ? this.#giveUp('malformed', chunk.length) : this.#take(datagram, t, peer);
  }

  quiet(t: number): Observation[] {
    return this.tick(t);
  }

  end(t: number): Observation[] {
    return this.#takeAll(this.#framer.end(), t);
  }

  tick(t: number): Observation[] {
    return this.#downlinks.expire(t).map((fields) => ({ kind: 'lora.beacon', t, fields }));
  }

  transmit(beacon: BeaconRequest, t: number): boolean {
    const gateway = this.#gateway;
    if (gateway === undefined || this.#send === undefined || t - gateway.at > PULL_FRESH_MS) return false;
    if (beacon.payload.length === 0 || beacon.payload.length > 255) return false;
    const counter = this.#leadMs > 0 ? this.#clock.counterAt(t + this.#leadMs) : undefined;
    const fields = { ...beaconFields(beacon), gatewayEUI: gateway.eui };
    const token = this.#downlinks.addOwn(counter === undefined ? fields : { ...fields, tmst: counter }, t);
    if (token === undefined) return false;
    this.#send(encodePullResp(gateway.version, token, encodeTxpk(beacon, counter)), gateway.peer);
    return true;
  }

  /** At once, before the JSON is looked at: the forwarder measures the link by it (section 3.1). */
  #acknowledge(bytes: Uint8Array, peer: string): void {
    const [version = 0, high = 0, low = 0, id] = bytes;
    if (bytes.length < 12 || (id !== PUSH_DATA && id !== PULL_DATA)) return;
    this.#send?.(encodeHeader(version, (high << 8) | low, id === PUSH_DATA ? PUSH_ACK : PULL_ACK), peer);
  }

  #takeAll(frames: Iterable<Frame<Datagram>>, t: number): Observation[] {
    const observations: Observation[] = [];
    for (const frame of frames) {
      if (frame.type === 'noise') this.#giveUp(frame.reason, frame.bytes);
      else for (const observation of this.#take(frame, t, undefined)) observations.push(observation);
    }
    return observations;
  }

  #take(datagram: Datagram, t: number, peer: string | undefined): Observation[] {
    this.#frames++;
    this.#frameBytes += datagram.bytes.length;
    this.#messages.count(datagram.id, (id) => DATAGRAM_NAMES[id] ?? 'other');
    switch (datagram.id) {
      case PUSH_DATA:
        this.#passOn(datagram, t);
        return this.#readPush(datagram, t);
      case PULL_DATA:
        if (peer !== undefined) this.#gateway = { peer, version: datagram.version, eui: datagram.eui, at: t };
        this.#passOn(datagram, t);
        return [];
      case TX_ACK:
        return this.#readTxAck(datagram, t);
      default:
        if (peer !== undefined) this.#takeFromServer(datagram, t, peer);
        return [];
    }
  }

  #readPush({ body, eui }: Datagram, t: number): Observation[] {
    const observations: Observation[] = [];
    const packets: unknown = body?.['rxpk'];
    for (const entry of Array.isArray(packets) ? packets : []) {
      const rxpk = asObject(entry);
      const fields = rxpk && readRxpk(rxpk, eui, this.#rule);
      this.#messages.countText(fields === undefined ? 'rxpk without a packet' : 'rxpk');
      if (fields === undefined) continue;
      if (fields.tmst !== undefined) this.#clock.unwrap(fields.tmst, t);
      observations.push({ kind: 'lora.uplink', t, fields });
    }
    const stat = asObject(body?.['stat']);
    if (stat !== undefined) {
      this.#messages.countText('stat');
      observations.push({ kind: 'lora.stat', t, fields: readStat(stat, eui) });
    }
    return observations;
  }

  #readTxAck(datagram: Datagram, t: number): Observation[] {
    const request = this.#downlinks.take(datagram.token);
    if (request === undefined) return [];
    if (request.kind === 'relayed') {
      this.#send?.(withToken(datagram.bytes, request.token), request.peer);
      return [];
    }
    const fields: Fields<'lora.beacon'> = { ...request.fields, ...readTxAck(datagram) };
    return [{ kind: 'lora.beacon', t, fields }];
  }

  /** The forwarder's own network hears it as well. What it acknowledges is swallowed: the forwarder has its answer. */
  #passOn({ bytes, id, token }: Datagram, t: number): void {
    if (this.#upstream === undefined || this.#send === undefined) return;
    this.#upstream.passed(id, token);
    this.#send(bytes, this.#upstream.peer(t));
  }

  /** Only the server that was configured may have the radio transmit. */
  #takeFromServer(datagram: Datagram, t: number, peer: string): void {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    if (datagram.id === PUSH_ACK) upstream.acknowledged(PUSH_DATA, datagram.token, peer, t);
    if (datagram.id === PULL_ACK) upstream.acknowledged(PULL_DATA, datagram.token, peer, t);
    if (datagram.id !== PULL_RESP) return;
    const gateway = this.#gateway;
    if (gateway === undefined || !upstream.isServer(peer)) {
      this.#messages.countText('PULL_RESP refused');
      return;
    }
    const token = this.#downlinks.addRelayed(peer, datagram.token, t);
    if (token !== undefined) this.#send?.(withToken(datagram.bytes, token), gateway.peer);
  }

  #giveUp(reason: NoiseReason, bytes: number): Observation[] {
    this.#noise[reason] = (this.#noise[reason] ?? 0) + bytes;
    return [];
  }
}
