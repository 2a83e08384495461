import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../daemon/broker/index.ts';
import type { FieldsealError } from '../../daemon/errors.ts';
import { freePort, Mosquitto } from '../support/mosquitto.ts';
import { mqttConfig, Queue, Running, recordingLog } from './support.ts';

const text = (message: Message) => Buffer.from(message.payload).toString();

describe('a connection to mosquitto', () => {
  let broker: Mosquitto;
  const running: Running[] = [];
  const start = async (...args: ConstructorParameters<typeof Running>) => {
    const one = await Running.connected(...args);
    running.push(one);
    return one;
  };

  beforeEach(async () => {
    broker = await Mosquitto.start();
  });
  afterEach(async () => {
    for (const one of running.splice(0)) await one.stop();
    await broker.dispose();
  });

  it('speaks MQTT 5 and carries a message with its properties to a subscriber', async () => {
    const received = new Queue<Message>();
    const subscriber = await start(mqttConfig(broker.url), { clientId: 'subscriber' }, (connection) => {
      connection.subscribe(['a/+']);
      connection.onMessage(async (message) => received.put(message));
    });
    expect(subscriber.connection.limits?.version).toBe('5');
    const publisher = await start(mqttConfig(broker.url), { clientId: 'publisher' });
    const properties = { contentType: 'text/plain', responseTopic: 'b', correlationData: new Uint8Array([1, 2, 3]) };
    await publisher.connection.publish('a/b', 'hello', { properties });
    const message = await received.take();
    expect(text(message)).toBe('hello');
    expect(message).toMatchObject({ topic: 'a/b', retained: false, properties });
    expect(message.properties.correlationData).toEqual(properties.correlationData);
  });

  it('speaks 3.1.1 where the configuration pins it', async () => {
    const { connection } = await start(mqttConfig(broker.url, { version: '3.1.1' }));
    expect(connection.limits?.version).toBe('3.1.1');
    await connection.publish('a', 'hello', { properties: { contentType: 'text/plain' } });
  });

  it.each(['5', '3.1.1'])('leaves a message with the broker until its handler has ended, MQTT %s', async (version) => {
    const config = mqttConfig(broker.url, { version });
    const session = { clientId: 'verifier', sessionExpirySeconds: 3600 };
    const never = new Queue<Message>();
    const stuck = await start(config, session, (connection) => {
      connection.subscribe(['proof']);
      connection.onMessage((message) => {
        never.put(message);
        return new Promise(() => {});
      });
    });
    const publisher = await start(mqttConfig(broker.url), { clientId: 'publisher' });
    await publisher.connection.publish('proof', 'one');
    await publisher.connection.publish('proof', 'two');
    expect([text(await never.take()), text(await never.take())]).toEqual(['one', 'two']);
    await stuck.stop();

    const handled = new Queue<Message>();
    const heal = (connection: Running['connection']) => {
      connection.subscribe(['proof']);
      connection.onMessage(async (message) => handled.put(message));
    };
    const healthy = await start(config, session, heal);
    expect(healthy.connection.limits?.sessionPresent).toBe(true);
    expect([text(await handled.take()), text(await handled.take())]).toEqual(['one', 'two']);
    await healthy.stop();

    await start(config, session, heal);
    await publisher.connection.publish('proof', 'three');
    expect(text(await handled.take())).toBe('three');
  });

  it('goes on answering while a handler takes its time: its own publishes are acknowledged meanwhile', async () => {
    const published = new Queue<string>();
    const one = await start(mqttConfig(broker.url), {}, (connection) => {
      connection.subscribe(['in']);
      connection.onMessage(async () => {
        await connection.publish('out', 'answer');
        published.put('acknowledged');
      });
    });
    await one.connection.publish('in', 'question');
    expect(await published.take()).toBe('acknowledged');
  });

  it('ends with what a handler threw, and leaves that message with the broker', async () => {
    const session = { clientId: 'verifier', sessionExpirySeconds: 3600 };
    const faulty = await start(mqttConfig(broker.url), session, (connection) => {
      connection.subscribe(['proof']);
      connection.onMessage(() => Promise.reject(new TypeError('a bug')));
    });
    running.splice(0);
    const publisher = await start(mqttConfig(broker.url), { clientId: 'publisher' });
    await publisher.connection.publish('proof', 'one');
    await expect(faulty.ended).rejects.toThrow('a bug');

    const handled = new Queue<Message>();
    await start(mqttConfig(broker.url), session, (connection) => {
      connection.subscribe(['proof']);
      connection.onMessage(async (message) => handled.put(message));
    });
    expect(text(await handled.take())).toBe('one');
  });

  it('fails a publish that the broker has not acknowledged when it dies, and comes back by itself', async () => {
    const { log, lines } = recordingLog();
    const { connection } = await start(mqttConfig(broker.url), { log });
    broker.freeze();
    const outcomes = ['first', 'second'].map((payload) =>
      connection.publish('a', payload).then(
        () => 'acknowledged',
        (error) => error.reason,
      ),
    );
    const lost = once(connection, 'disconnected');
    await broker.kill();
    await lost;
    expect(await Promise.all(outcomes)).toEqual(['disconnected', 'disconnected']);
    await expect(connection.publish('a', 'third')).rejects.toMatchObject({ reason: 'disconnected' });

    while (connection.stats.failures < 5) await once(connection, 'failed');
    const back = once(connection, 'connected');
    await broker.start();
    await back;
    await connection.publish('a', 'fourth');
    // The loss of the connection and the refused attempts are a line each, however many attempts there were.
    const warnings = lines.filter((line) => line.level === 40);
    expect(warnings.map((line) => line['code'])).toEqual(['BROKER_UNREACHABLE', 'BROKER_UNREACHABLE']);
  });

  it('subscribes while connected as well, and again at the next connection', async () => {
    const received = new Queue<Message>();
    const one = await start(mqttConfig(broker.url), {}, (connection) => {
      connection.onMessage(async (message) => received.put(message));
    });
    one.connection.subscribe(['late']);
    await one.connection.publish('late', 'first');
    expect(text(await received.take())).toBe('first');
    const back = once(one.connection, 'connected');
    await broker.kill();
    await broker.start();
    await back;
    await one.connection.publish('late', 'second');
    expect(text(await received.take())).toBe('second');
  });

  it('says offline when it closes and, by its last will, when it breaks', async () => {
    const statuses = new Queue<Message>();
    await start(mqttConfig(broker.url), { clientId: 'watcher' }, (connection) => {
      connection.subscribe(['status']);
      connection.onMessage(async (message) => statuses.put(message));
    });
    const status = { topic: 'status', online: 'online', offline: 'offline' };
    const device = await start(mqttConfig(broker.url), { clientId: 'device', status });
    expect(text(await statuses.take())).toBe('online');
    await device.stop();
    expect(text(await statuses.take())).toBe('offline');

    const first = await start(mqttConfig(broker.url), { clientId: 'device', status });
    expect(text(await statuses.take())).toBe('online');
    const second = await start(mqttConfig(broker.url), { clientId: 'device' });
    expect(text(await statuses.take())).toBe('offline');
    await Promise.all([first.stop(), second.stop()]);
  });

  it('retains its status for who comes later', async () => {
    const status = { topic: 'status', online: 'online', offline: 'offline' };
    const device = await start(mqttConfig(broker.url), { clientId: 'device', status });
    await device.stop();
    const statuses = new Queue<Message>();
    await start(mqttConfig(broker.url), { clientId: 'watcher' }, (connection) => {
      connection.subscribe(['status']);
      connection.onMessage(async (message) => statuses.put(message));
    });
    const message = await statuses.take();
    expect([text(message), message.retained]).toEqual(['offline', true]);
  });
});

describe('what the broker allows', () => {
  let broker: Mosquitto;
  beforeAll(async () => {
    broker = await Mosquitto.start({ config: ['max_packet_size 2000', 'max_keepalive 30'] });
  });
  afterAll(() => broker.dispose());

  it('a message above its packet size is refused before it is sent', async () => {
    const one = await Running.connected(mqttConfig(broker.url));
    expect(one.connection.limits).toMatchObject({ maximumPacketSize: 2000, keepAliveSeconds: 30 });
    await expect(one.connection.publish('a', new Uint8Array(2000))).rejects.toMatchObject({ reason: 'too-large' });
    await one.connection.publish('a', new Uint8Array(1900));
    await one.stop();
  });
});

describe('a broker that says no', () => {
  let broker: Mosquitto;
  let folder: string;
  const passwordFile = (password: string) => {
    const path = join(folder, `password-${password}`);
    writeFileSync(path, `${password}\n`);
    return path;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fieldseal-broker-'));
    broker = await Mosquitto.start({ users: { device: 'right' }, acl: 'user device\ntopic readwrite allowed/#\n' });
  });
  afterAll(async () => {
    await broker.dispose();
    rmSync(folder, { recursive: true });
  });

  it('takes the right password from its file', async () => {
    const config = mqttConfig(broker.url, { username: 'device', passwordFile: passwordFile('right') });
    const one = await Running.connected(config);
    await one.connection.publish('allowed/a', 'hello');
    await one.stop();
  });

  it('reports a publish that access rules forbid', async () => {
    const config = mqttConfig(broker.url, { username: 'device', passwordFile: passwordFile('right') });
    const one = await Running.connected(config);
    await expect(one.connection.publish('forbidden', 'hello')).rejects.toMatchObject({ reason: 'refused' });
    await one.stop();
  });

  it.each(['5', '3.1.1'])('a wrong password is one line in the log and no crash, MQTT %s', async (version) => {
    const { log, lines } = recordingLog();
    const config = mqttConfig(broker.url, { version, username: 'device', passwordFile: passwordFile('wrong') });
    const one = new Running(config, { log });
    while (one.connection.stats.failures < 3) await once(one.connection, 'failed');
    await one.stop();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ code: 'BROKER_REFUSED', place: 'mqtt', msg: 'no connection to the broker' });
    expect(JSON.stringify(lines)).not.toContain('wrong');
  });

  it('a password file that is not there ends it at the start', async () => {
    const one = new Running(mqttConfig(broker.url, { username: 'device', passwordFile: join(folder, 'none') }));
    await expect(one.ended).rejects.toMatchObject({ code: 'FILE_NOT_READABLE', place: 'mqtt.passwordFile' });
  });

  it('credentials in the URL are refused', async () => {
    const one = new Running(mqttConfig(broker.url.replace('//', '//device:right@')));
    await expect(one.ended).rejects.toMatchObject({ code: 'CONFIG_INVALID', place: 'mqtt.url' });
  });

  it('nobody listening is unreachable', async () => {
    const one = new Running(mqttConfig(`mqtt://127.0.0.1:${await freePort()}`));
    const [error]: FieldsealError[] = await once(one.connection, 'failed');
    await one.stop();
    expect(error).toMatchObject({ code: 'BROKER_UNREACHABLE', place: 'mqtt.url' });
    expect(error?.message).toContain('ECONNREFUSED');
  });
});
