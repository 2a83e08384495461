import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { aborted } from '../abort.ts';
import { FieldsealError } from '../errors.ts';
import { portError } from './open-error.ts';
import type { Connection, ConnectionEvents, Transport } from './transport.ts';

/** Datagrams that wait in the kernel while the process is busy: a burst of a concentrator, or of several. */
const RECEIVE_BUFFER = 1 << 20;
/** Where no host is given: every address of this machine. */
const ANY_HOST = '0.0.0.0';

/** A UDP socket that devices send to, such as Semtech's packet forwarder. A chunk is one datagram. */
export class UdpTransport implements Transport {
  readonly hasBaudRate = false;
  readonly canWait = false;
  readonly outlastsSilence = true;
  readonly #name: string;
  readonly #host: string;
  readonly #port: number;

  constructor(name: string, host: string | undefined, port: number) {
    this.#name = name;
    this.#host = host ?? ANY_HOST;
    this.#port = port;
  }

  async open(): Promise<Connection> {
    const socket = createSocket(isIPv6(this.#host) ? 'udp6' : 'udp4');
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address: this.#host, port: this.#port, exclusive: true }, resolve);
      });
      socket.removeAllListeners('error');
      socket.setRecvBufferSize(RECEIVE_BUFFER);
    } catch (cause) {
      socket.close();
      throw portError(this.#name, cause);
    }
    return new UdpConnection(this.#name, socket);
  }

  async changed(signal: AbortSignal): Promise<void> {
    return aborted(signal);
  }
}

class UdpConnection implements Connection {
  readonly #name: string;
  readonly #socket: Socket;
  #ended = false;

  constructor(name: string, socket: Socket) {
    this.#name = name;
    this.#socket = socket;
  }

  start(events: ConnectionEvents): void {
    this.#socket.on('message', (datagram, { address, port, family }) => {
      if (!this.#ended) events.onBytes(datagram, family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`);
    });
    this.#socket.on('error', () => {
      if (this.#ended) return;
      this.#ended = true;
      events.onEnd('failed');
    });
  }

  async setBaudRate(): Promise<void> {}

  async write(bytes: Uint8Array, peer?: string): Promise<void> {
    const to = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):(?<port>\d+)$/.exec(peer ?? '')?.groups;
    const host = to?.['six'] ?? to?.['four'];
    if (host === undefined) throw new FieldsealError('PORT_FAILED', { detail: `${this.#name}: nobody to send to` });
    if (this.#ended) throw new FieldsealError('PORT_FAILED', { detail: `${this.#name} is closed` });
    await new Promise<void>((resolve, reject) => {
      this.#socket.send(bytes, Number(to?.['port']), host, (error) => {
        if (error) reject(portError(this.#name, error));
        else resolve();
      });
    });
  }

  async isPresent(): Promise<boolean> {
    return !this.#ended;
  }

  async close(): Promise<void> {
    this.#ended = true;
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }
}
