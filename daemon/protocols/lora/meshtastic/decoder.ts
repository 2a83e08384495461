import type { Observation } from '../../../readings/index.ts';
import { MessageCounter } from '../../counter.ts';
import type { Decoder, DecoderOptions, DecoderStats, Frame, NoiseReason } from '../../protocol.ts';
import { type PayloadRule, payloadRule } from '../payload.ts';
import { encodeStreamFrame, type StreamFrame, StreamFramer, WAKE_UP } from './framer.ts';
import { type FromRadio, MeshtasticMessages, type ToRadio } from './messages.ts';
import { type Modem, readModem } from './modem.ts';
import { isHeard, readPacket } from './packet.ts';
import { HEARTBEAT_MS } from './settings.ts';

const CONFIG_MS = 15_000;

/**
 * A Meshtastic node on its serial port, as one of its clients: asks for its configuration, after which it tells what it
 * hears, and keeps the connection by heartbeats.
 */
export class MeshtasticDecoder implements Decoder {
  readonly #send: DecoderOptions['send'];
  readonly #rule: PayloadRule;
  readonly #heartbeatMs: number;
  readonly #protobufs = new MeshtasticMessages();
  readonly #framer = new StreamFramer((payload) => this.#protobufs.readFromRadio(payload));
  readonly #messages = new MessageCounter();
  readonly #noise: Partial<Record<NoiseReason, number>> = {};
  #modem: Modem = {};
  #myNode: number | undefined;
  /** The number under which the configuration was asked for; 0 before that. */
  #asked = 0;
  #isConfigured = false;
  #next = 0;
  #bytes = 0;
  #frames = 0;
  #frameBytes = 0;

  constructor({ send, settings = {} }: DecoderOptions) {
    this.#send = send;
    this.#rule = payloadRule(settings['payload'] ?? 'hash');
    const heartbeat = settings['heartbeat'];
    this.#heartbeatMs = typeof heartbeat === 'number' && heartbeat > 0 ? heartbeat : HEARTBEAT_MS;
  }

  get stats(): DecoderStats {
    return {
      bytes: this.#bytes,
      frames: { meshtastic: this.#frames },
      messages: this.#messages.totals(),
      noise: { ...this.#noise },
      frameBytes: this.#frameBytes,
      ...(this.#asked === 0 ? {} : { configured: this.#isConfigured ? 'done' : 'pending' }),
    };
  }

  get frameCount(): number {
    return this.#frames;
  }

  opened(t: number): Observation[] {
    this.#send?.(WAKE_UP);
    if (this.#send !== undefined) this.#askForConfig(t);
    return [];
  }

  push(chunk: Uint8Array, t: number): Observation[] {
    this.#bytes += chunk.length;
    return this.#takeAll(this.#framer.push(chunk), t);
  }

  quiet(): Observation[] {
    return [];
  }

  end(t: number): Observation[] {
    return this.#takeAll(this.#framer.end(), t);
  }

  tick(t: number): Observation[] {
    if (this.#asked === 0 || t < this.#next) return [];
    if (!this.#isConfigured) this.#askForConfig(t);
    else {
      this.#say({ heartbeat: {} });
      this.#next = t + this.#heartbeatMs;
    }
    return [];
  }

  #askForConfig(t: number): void {
    this.#isConfigured = false;
    this.#asked = (this.#asked % 0xffff) + 1;
    this.#say({ wantConfigId: this.#asked });
    this.#next = t + CONFIG_MS;
  }

  #say(message: ToRadio): void {
    this.#send?.(encodeStreamFrame(this.#protobufs.writeToRadio(message)));
  }

  #takeAll(frames: Iterable<Frame<StreamFrame<FromRadio>>>, t: number): Observation[] {
    const observations: Observation[] = [];
    for (const frame of frames) {
      if (frame.type === 'noise') this.#noise[frame.reason] = (this.#noise[frame.reason] ?? 0) + frame.bytes;
      else {
        this.#frameBytes += frame.bytes;
        this.#take(frame.message, t, observations);
      }
    }
    return observations;
  }

  #take(message: FromRadio, t: number, observations: Observation[]): void {
    this.#frames++;
    const { variant = 'other', packet, myInfo, config } = message;
    this.#messages.countText(variant);
    if (packet) {
      if (isHeard(packet, this.#myNode)) {
        observations.push({ kind: 'lora.uplink', t, fields: readPacket(packet, this.#modem, this.#rule) });
      } else {
        this.#messages.countText('packet not heard by radio');
      }
    }
    if (myInfo) this.#myNode = myInfo.myNodeNum;
    if (config?.lora) this.#modem = readModem(config.lora);
    if (variant === 'configCompleteId' && message.configCompleteId === this.#asked) {
      this.#isConfigured = true;
      this.#next = t + this.#heartbeatMs;
    }
    // A node that has started anew has forgotten its client.
    if (variant === 'rebooted' && this.#asked !== 0) this.#askForConfig(t);
  }
}
