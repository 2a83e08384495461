import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, describe, expect, it } from 'vitest';
import type { FieldsealError } from '../../daemon/errors.ts';
import { mqttConfig, Queue, Running } from './support.ts';

const servers: Server[] = [];

async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer(onConnection);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `mqtt://127.0.0.1:${address.port}`;
}

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Fixed header, then the protocol name "MQTT" with its length, then the level: 4 is 3.1.1. */
const protocolLevel = (connect: Buffer): number => {
  const lengthBytes = connect.subarray(1).findIndex((byte) => byte < 0x80) + 1;
  return connect[1 + lengthBytes + 6]!;
};

const CONNACK_3_1_1 = Buffer.from([0x20, 2, 0, 0]);
const CONNACK_5 = Buffer.from([0x20, 3, 0, 0, 0]);

/** A broker that answers a CONNECT of version 5 in its own way, and takes 3.1.1 with or without a grudge. */
async function brokerThat(answer5: (socket: Socket) => void, answer4?: (socket: Socket) => void) {
  const levels: number[] = [];
  const sockets: Socket[] = [];
  const url = await listen((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.once('data', (connect: Buffer) => {
      const level = protocolLevel(connect);
      levels.push(level);
      if (level === 5) answer5(socket);
      else if (answer4 === undefined) socket.write(CONNACK_3_1_1);
      else answer4(socket);
    });
  });
  return { url, levels, sockets };
}

describe('a broker that does not speak MQTT 5', () => {
  it('aedes: messages flow over 3.1.1', async () => {
    const aedes = await Aedes.createBroker();
    const url = await listen((socket) => aedes.handle(socket));
    const received = new Queue<string>();
    const one = await Running.connected(mqttConfig(url), {}, (connection) => {
      connection.subscribe(['a']);
      connection.onMessage(async (message) => received.put(Buffer.from(message.payload).toString()));
    });
    expect(one.connection.limits?.version).toBe('3.1.1');
    await one.connection.publish('a', 'hello', { properties: { contentType: 'text/plain' } });
    expect(await received.take()).toBe('hello');
    await one.stop();
    await new Promise<void>((resolve) => aedes.close(resolve));
  });

  it.each([
    ['with return code 1 of 3.1.1', (socket: Socket) => socket.end(Buffer.from([0x20, 2, 0, 1]))],
    ['with reason code 0x84', (socket: Socket) => socket.end(Buffer.from([0x20, 3, 0, 0x84, 0]))],
  ])('and says so %s is not asked again', async (_, refuse) => {
    const { url, levels, sockets } = await brokerThat(refuse);
    const one = await Running.connected(mqttConfig(url));
    expect(one.connection.limits?.version).toBe('3.1.1');
    const again = once(one.connection, 'connected');
    sockets.at(-1)?.destroy();
    await again;
    expect(levels).toEqual([5, 4, 4]);
    await one.stop();
  });

  it.each([
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
    ['answers nonsense', (socket: Socket) => socket.write(Buffer.from([0xf0, 0xff, 0xff, 0xff, 0xff, 0xff]))],
  ])('and merely %s is asked for 5 again after each loss', async (_, refuse) => {
    const { url, levels, sockets } = await brokerThat(refuse);
    const one = await Running.connected(mqttConfig(url));
    expect(one.connection.limits?.version).toBe('3.1.1');
    const again = once(one.connection, 'connected');
    sockets.at(-1)?.destroy();
    await again;
    expect(levels).toEqual([5, 4, 5, 4]);
    await one.stop();
  });
});

describe('the version', () => {
  it('stays 5 once the broker has taken it, whatever it does later', async () => {
    let restarting = false;
    const { url, levels, sockets } = await brokerThat((socket) => {
      if (restarting) socket.destroy();
      else socket.write(CONNACK_5);
    });
    const one = await Running.connected(mqttConfig(url));
    restarting = true;
    sockets.at(-1)?.destroy();
    while (one.connection.stats.failures < 4) await once(one.connection, 'failed');
    restarting = false;
    await once(one.connection, 'connected');
    expect(new Set(levels)).toEqual(new Set([5]));
    await one.stop();
  });

  it.each([
    ['5', [5, 5]],
    ['3.1.1', [4, 4]],
  ])('pinned to %s is never changed', async (version, expected) => {
    const refuse = (socket: Socket) => void socket.end(Buffer.from([0x20, 2, 0, 1]));
    const { url, levels } = await brokerThat(refuse, refuse);
    const one = new Running(mqttConfig(url, { version }));
    const [error]: FieldsealError[] = await once(one.connection, 'failed');
    if (levels.length < 2) await once(one.connection, 'failed');
    await one.stop();
    expect(levels.slice(0, 2)).toEqual(expected);
    expect(error?.code).toBe('BROKER_REFUSED');
  });

  it('refused in both ways waits between the rounds instead of spinning', async () => {
    const refuse = (socket: Socket) => void socket.end(Buffer.from([0x20, 2, 0, 1]));
    const { url, levels } = await brokerThat(refuse, refuse);
    const one = new Running(mqttConfig(url));
    await once(one.connection, 'failed');
    expect(levels).toEqual([5, 4]);
    await one.stop();
  });
});
