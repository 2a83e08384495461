import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Aedes } from 'aedes';

/** A broker inside this process, on a free port of the loopback: for the demo, never for a gateway. */
export class EmbeddedBroker {
  readonly #aedes: Aedes;
  readonly #server: Server;

  private constructor(aedes: Aedes) {
    this.#aedes = aedes;
    this.#server = createServer((socket) => aedes.handle(socket));
  }

  static async start(): Promise<EmbeddedBroker> {
    const broker = new EmbeddedBroker(await Aedes.createBroker());
    broker.#server.listen(0, '127.0.0.1');
    await once(broker.#server, 'listening');
    return broker;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the embedded broker does not listen');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  /** Tells of every message that a client publishes. */
  onPublish(listener: (topic: string, payload: Uint8Array) => void): void {
    this.#aedes.on('publish', (packet, client) => {
      if (client !== null) listener(packet.topic, new Uint8Array(Buffer.from(packet.payload)));
    });
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.#aedes.close(() => resolve()));
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
