import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { HeardPacket, LoraAir } from './lora-air.ts';
import { until } from './plugged-device.ts';
import { Random } from './random.ts';

const VERSION = 2;
const PUSH_DATA = 0;
const PUSH_ACK = 1;
const PULL_DATA = 2;
const PULL_RESP = 3;
const PULL_ACK = 4;
const TX_ACK = 5;

const STEP_MS = 50;
const KEEP_ALIVE_MS = 5_000;
const STAT_MS = 30_000;
const TMST_RANGE = 2 ** 32;

export interface PacketForwarderOptions {
  readonly air: LoraAir;
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  /** Eight bytes. */
  readonly eui?: Uint8Array;
  /** Never answers a PULL_RESP. */
  readonly deaf?: boolean;
}

export interface ForwarderStats {
  readonly datagrams: number;
  readonly bytes: number;
  /** Packets of the air that were passed on. */
  readonly packets: number;
  readonly pushAcks: number;
  readonly pullAcks: number;
  /** Downlinks that it was asked to transmit. */
  readonly downlinks: number;
}

/**
 * A concentrator's packet forwarder, a client of the gateway (Semtech, "Basic communication protocol between Lora gateway
 * and server", PROTOCOL.TXT v1.4): PUSH_DATA for each packet and for its own state, PULL_DATA to keep the way back open, TX_ACK.
 */
export class PacketForwarder {
  readonly #options: PacketForwarderOptions;
  readonly #random: Random;
  readonly #eui: Uint8Array;
  readonly #stats = { datagrams: 0, bytes: 0, packets: 0, pushAcks: 0, pullAcks: 0, downlinks: 0 };

  constructor(options: PacketForwarderOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#eui =
      options.eui ?? Uint8Array.of(0xaa, 0x55, 0x5a, 0, 0, 0, (options.seed >> 8) & 0xff, options.seed & 0xff);
  }

  get stats(): ForwarderStats {
    return { ...this.#stats };
  }

  /** Forwards until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const socket = createSocket('udp4');
    // Nobody listens there now: the next datagram may find somebody.
    socket.on('error', () => {});
    socket.on('message', (message) => this.#hear(socket, message));
    socket.bind(0);
    await once(socket, 'listening');
    try {
      const began = performance.now();
      for (let ms = 0; !signal.aborted; ms += STEP_MS) {
        if (ms % KEEP_ALIVE_MS === 0) this.#send(socket, PULL_DATA, '');
        if (ms % STAT_MS === 0) this.#send(socket, PUSH_DATA, JSON.stringify({ stat: this.#stat() }));
        const packets = this.#options.air.between(ms - STEP_MS, ms);
        if (packets.length > 0) {
          this.#stats.packets += packets.length;
          this.#send(socket, PUSH_DATA, JSON.stringify({ rxpk: packets.map(rxpk) }));
        }
        await until(began + ms + STEP_MS, signal);
      }
    } finally {
      socket.close();
    }
  }

  #send(socket: Socket, kind: number, json: string, token = this.#random.below(65_536)): void {
    const { host, port } = this.#options;
    const datagram = Buffer.concat([
      Uint8Array.of(VERSION, token >> 8, token & 0xff, kind),
      this.#eui,
      Buffer.from(json),
    ]);
    this.#stats.datagrams += 1;
    this.#stats.bytes += datagram.length;
    socket.send(datagram, port, host);
  }

  #hear(socket: Socket, message: Uint8Array): void {
    if (message[0] !== VERSION) return;
    const kind = message[3];
    if (kind === PUSH_ACK) this.#stats.pushAcks += 1;
    if (kind === PULL_ACK) this.#stats.pullAcks += 1;
    if (kind !== PULL_RESP) return;
    this.#stats.downlinks += 1;
    if (this.#options.deaf === true) return;
    const token = ((message[1] ?? 0) << 8) | (message[2] ?? 0);
    this.#send(socket, TX_ACK, JSON.stringify({ txpk_ack: { error: 'NONE' } }), token);
  }

  #stat(): object {
    const { packets, downlinks } = this.#stats;
    const time = new Date().toISOString().replace('T', ' ').replace(/\..*/, ' GMT');
    return { time, rxnb: packets, rxok: packets, rxfw: packets, ackr: 100, dwnb: downlinks, txnb: downlinks };
  }
}

/** PROTOCOL.TXT, section 4: a received packet. A spoilt one comes with stat -1. */
function rxpk({ ms, payload, frequency, spreadingFactor, rssi, snr, isBad }: HeardPacket): object {
  return {
    tmst: Math.round(ms * 1_000) % TMST_RANGE,
    chan: Math.round(frequency / 200_000) % 8,
    rfch: 0,
    freq: frequency / 1e6,
    stat: isBad ? -1 : 1,
    modu: 'LORA',
    datr: `SF${spreadingFactor}BW125`,
    codr: '4/5',
    lsnr: snr,
    rssi,
    size: payload.length,
    data: Buffer.from(payload).toString('base64'),
  };
}
