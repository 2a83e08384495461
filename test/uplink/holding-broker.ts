import { EventEmitter, once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

const CONNECT = 1;
const PUBLISH = 3;
const SUBSCRIBE = 8;
const PINGREQ = 12;

/** A broker of a few lines, MQTT 5, that counts proofs and acknowledges each only when it is told to. */
export class HoldingBroker extends EventEmitter<{ proof: [] }> {
  /** Connections that were made. */
  connections = 0;
  /** Proofs that came. */
  published = 0;
  /** The packets that they came in, without their packet identifiers. */
  readonly packets: string[] = [];
  /** The most that ever waited for their acknowledgement at once. */
  most = 0;
  /** Acknowledge at once. */
  open = false;
  /** Of the present connection. */
  #held: (() => void)[] = [];
  readonly #receiveMaximum: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(receiveMaximum: number) {
    super();
    this.#receiveMaximum = receiveMaximum;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Waits until so many proofs wait for their acknowledgement. */
  async holds(count: number): Promise<void> {
    while (this.#held.length < count) await once(this, 'proof');
  }

  /** Acknowledges the one that has waited longest. */
  release(): void {
    this.#held.shift()?.();
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    let buffer: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      for (let packet = takePacket(buffer); packet !== undefined; packet = takePacket(buffer)) {
        buffer = packet.rest;
        this.#answer(socket, packet.header, packet.body);
      }
    });
  }

  #answer(socket: Socket, header: number, body: Buffer): void {
    switch (header >> 4) {
      case CONNECT:
        this.connections += 1;
        this.#held = [];
        // Session flags, success, three bytes of properties: Receive Maximum.
        socket.write(Buffer.from([0x20, 6, 0, 0, 3, 0x21, this.#receiveMaximum >> 8, this.#receiveMaximum & 0xff]));
        return;
      case SUBSCRIBE:
        socket.write(Buffer.from([0x90, 5, body[0]!, body[1]!, 0, 1, 1]));
        return;
      case PINGREQ:
        socket.write(Buffer.from([0xd0, 0]));
        return;
      case PUBLISH:
        this.#publish(socket, body);
    }
  }

  #publish(socket: Socket, body: Buffer): void {
    const topicBytes = body.readUInt16BE(0);
    const topic = body.toString('utf8', 2, 2 + topicBytes);
    const acknowledge = () => socket.write(Buffer.from([0x40, 2, body[2 + topicBytes]!, body[3 + topicBytes]!]));
    if (!topic.endsWith('/proof')) return void acknowledge();
    this.published += 1;
    this.packets.push(body.toString('hex', 0, 2 + topicBytes) + body.toString('hex', 4 + topicBytes));
    this.#held.push(acknowledge);
    this.most = Math.max(this.most, this.#held.length);
    if (this.open) this.release();
    this.emit('proof');
  }
}

/** Fixed header and remaining length (MQTT 5, section 2.1). */
function takePacket(buffer: Buffer): { header: number; body: Buffer; rest: Buffer } | undefined {
  let length = 0;
  for (let i = 1; i < Math.min(buffer.length, 5); i++) {
    length += (buffer[i]! & 0x7f) << (7 * (i - 1));
    if (buffer[i]! >= 0x80) continue;
    const end = i + 1 + length;
    if (buffer.length < end) return undefined;
    return { header: buffer[0]!, body: buffer.subarray(i + 1, end), rest: buffer.subarray(end) };
  }
  return undefined;
}
