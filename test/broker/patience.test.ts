import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Patience } from '../../daemon/broker/patience.ts';
import type { FieldsealError } from '../../daemon/errors.ts';
import { mqttConfig, Running } from './support.ts';

describe('patience with a broker', () => {
  let ended: number[];
  let patience: Patience;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    ended = [];
    patience = new Patience(1_000, (ms) => ended.push(ms));
  });
  afterEach(() => vi.useRealTimers());

  it('ends when a message is unanswered for the limit, and not before', () => {
    patience.await(0);
    vi.advanceTimersByTime(999);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual([1_000]);
  });

  it('gives each message its time from when it is the oldest', () => {
    const answers = [0, 1, 2, 3].map(() => patience.await(0));
    for (const answered of answers) {
      vi.advanceTimersByTime(900);
      answered();
      answered();
    }
    vi.advanceTimersByTime(10_000);
    expect([ended, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('is not bought by answers to later messages', () => {
    patience.await(0);
    for (let i = 0; i < 10; i++) {
      const answered = patience.await(0);
      vi.advanceTimersByTime(100);
      answered();
    }
    expect(ended).toEqual([1_000]);
  });

  it('grows by what a large message takes on a slow link', () => {
    patience.await(250_000);
    vi.advanceTimersByTime(250_999);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ended).toEqual([251_000]);
  });

  it('is over with the connection', () => {
    const answered = patience.await(0);
    patience.await(0);
    patience.close();
    answered();
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a broker that lets us in and never answers a subscription is tried anew', async () => {
  const connack5 = Buffer.from([0x20, 3, 0, 0, 0]);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(connack5));
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `mqtt://127.0.0.1:${address.port}`;
  const one = new Running(mqttConfig(url), { acknowledgeTimeoutMs: 50 }, (connection) => connection.subscribe(['a']));
  const errors: FieldsealError[] = [];
  one.connection.on('failed', (error) => errors.push(error));
  while (errors.length < 2) await once(one.connection, 'failed');
  await one.stop();
  server.close();
  expect(errors.map(({ code }) => code)).toEqual(['BROKER_SILENT', 'BROKER_SILENT']);
  expect(one.connection.stats).toMatchObject({ connects: 0, silences: 2 });
});
