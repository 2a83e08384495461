import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { FieldsealError } from '../daemon/errors.ts';
import { type MetricsSource, serveMetrics } from '../daemon/metrics-server.ts';

/** Serves on a free port; resolves to the base URL and a way to stop. */
async function served(source: MetricsSource, host = '127.0.0.1') {
  const stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const address = await new Promise<AddressInfo>((resolve, reject) => {
    ended = serveMetrics(`${host}:0`, source, stop.signal, {
      onListening: (given) => typeof given === 'object' && resolve(given),
    });
    ended.catch(reject);
  });
  return {
    url: `http://${host}:${address.port}`,
    listen: `${host}:${address.port}`,
    ended,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

describe('the metrics server', () => {
  it.each(['127.0.0.1', '[::1]'])('serves metrics and health on %s until it is stopped', async (host) => {
    const server = await served(new Registry(), host);
    const metrics = await fetch(`${server.url}/metrics`);
    expect([metrics.status, metrics.headers.get('content-type')]).toEqual([200, Registry.PROMETHEUS_CONTENT_TYPE]);
    expect(await (await fetch(`${server.url}/healthz`)).text()).toBe('ok\n');
    await server.stop();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  });

  it.each([
    ['GET', '/', 404],
    ['GET', '/metrics/more', 404],
    ['GET', '/metrics?name=x', 200],
    ['POST', '/metrics', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    const server = await served(new Registry());
    expect((await fetch(server.url + path, { method })).status).toBe(status);
    await server.stop();
  });

  it.each([
    ['an address that is taken', (taken: string) => taken],
    ["an address that is not this machine's", () => '192.0.2.1:9464'],
    ['what is no address', () => '9464'],
    ['a port out of range', () => '127.0.0.1:70000'],
  ])('refuses %s', async (_, listen) => {
    const server = await served(new Registry());
    const running = serveMetrics(listen(server.listen), new Registry(), new AbortController().signal, {
      place: 'listen',
    });
    await expect(running).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      place: 'listen',
      constructor: FieldsealError,
    });
    await server.stop();
  });

  it('ends with the error of metrics that cannot be gathered: a bug is not an answer', async () => {
    const broken = { contentType: 'text/plain', metrics: () => Promise.reject(new Error('bug')) };
    const server = await served(broken);
    await expect(fetch(`${server.url}/metrics`)).rejects.toThrow();
    await expect(server.ended).rejects.toThrow('bug');
  });

  it('does not start once it has been told to stop', async () => {
    await expect(serveMetrics('192.0.2.1:1', new Registry(), AbortSignal.abort())).resolves.toBeUndefined();
  });
});
