import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveHttp } from '../../daemon/http-server.ts';
import { askStatus } from '../../daemon/page/ask.ts';
import { type ReportParts, statusRoutes } from '../../daemon/page/index.ts';
import { NOW, partsFor, sampleStatus } from './sample.ts';

const well = sampleStatus();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fieldseal-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function served(listen = '127.0.0.1:0', parts: ReportParts = partsFor(well)) {
  const stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  const address = await new Promise<AddressInfo | string>((resolve, reject) => {
    ended = serveHttp(listen, statusRoutes(parts), stop.signal, { onListening: resolve });
    ended.catch(reject);
  });
  return {
    port: typeof address === 'string' ? 0 : address.port,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** fetch() does not let the Host header be set. */
async function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const asked = request({ host: '127.0.0.1', port, path, method, headers });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: Number(response.statusCode), headers: response.headers, text };
}

describe('the daemon over HTTP', () => {
  it.each([
    ['/', 200, 'text/html; charset=utf-8'],
    ['/parts', 200, 'text/html; charset=utf-8'],
    ['/style.css', 200, 'text/css; charset=utf-8'],
    ['/script.js', 200, 'text/javascript; charset=utf-8'],
    ['/status.json', 200, 'application/json'],
    ['/metrics', 200, 'text/plain; version=0.0.4; charset=utf-8'],
    ['/healthz', 200, 'text/plain; charset=utf-8'],
    ['/etc/passwd', 404, 'text/plain; charset=utf-8'],
    ['/../status.json?x=1', 404, 'text/plain; charset=utf-8'],
  ])('answers %s with %i', async (path, status, type) => {
    await using server = await served();
    const answer = await ask(server.port, path);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, type]);
  });

  it('answers HEAD as GET, without the text', async () => {
    await using server = await served();
    const [get, head] = [await ask(server.port, '/'), await ask(server.port, '/', {}, 'HEAD')];
    expect([head.text, head.headers['content-length']]).toEqual(['', get.headers['content-length']]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('takes no %s', async (method) => {
    await using server = await served();
    const { status, headers } = await ask(server.port, '/', {}, method);
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('lets the page load nothing from elsewhere, run nothing inline, and nobody frame it', async () => {
    await using server = await served();
    const { headers, text } = await ask(server.port, '/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
    });
    expect(text).not.toMatch(/ style=| on[a-z]+=|<script>|(?:src|href)="(?:https?:)?\/\//);
  });

  it.each(['/', '/parts', '/status.json', '/style.css'])('does not answer a foreign name at %s', async (path) => {
    await using server = await served();
    const { status, text } = await ask(server.port, path, { host: 'rebound.example' });
    expect(status).toBe(421);
    expect(text).not.toContain(well.kid);
  });

  it('answers Prometheus and a load balancer by whatever name they have for it', async () => {
    await using server = await served();
    for (const path of ['/metrics', '/healthz']) {
      expect((await ask(server.port, path, { host: 'gateway.example' })).status).toBe(200);
    }
  });

  it('is unhealthy while a room hangs, and says which', async () => {
    await using server = await served('127.0.0.1:0', partsFor(well, { unhealthy: () => 'no progress: sealer' }));
    expect(await ask(server.port, '/healthz')).toMatchObject({ status: 503, text: 'no progress: sealer\n' });
    expect(JSON.parse((await ask(server.port, '/status.json')).text)).toMatchObject({
      unhealthy: 'no progress: sealer',
      findings: [{ level: 'bad', area: 'daemon', text: 'no progress: sealer' }],
    });
  });

  it('tells in JSON what it is and how it is', async () => {
    await using server = await served();
    const report = JSON.parse((await ask(server.port, '/status.json')).text);
    expect(report).toMatchObject({
      kid: well.kid,
      hostname: 'gateway-17',
      now: NOW,
      findings: [],
      outbox: { durable: true },
    });
    expect(report.recent.track[0].points.length).toBeGreaterThan(600);
  });

  it('cuts off who sends no request', async () => {
    await using server = await served();
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX: ');
    socket.write('y'.repeat(20_000));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(Buffer.from(chunk));
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('the Unix socket', () => {
  it("answers the daemon's group and nobody else, and is gone when the daemon is", async () => {
    const path = join(folder, 'status.sock');
    {
      await using _server = await served(`unix:${path}`);
      expect((await stat(path)).mode & 0o777).toBe(0o660);
      expect((await askStatus(path)).kid).toBe(well.kid);
      expect((await askStatus(`unix:${path}`)).hostname).toBe('gateway-17');
    }
    expect(existsSync(path)).toBe(false);
  });

  it('takes the place of one that a killed daemon left behind', async () => {
    const path = join(folder, 'left.sock');
    const dead = createServer().listen(path);
    await once(dead, 'listening');
    // Closing removes the socket's file; a killed process does not.
    const { link, rename } = await import('node:fs/promises');
    await link(path, `${path}.kept`);
    dead.close();
    await once(dead, 'close');
    await rename(`${path}.kept`, path);
    await using _server = await served(`unix:${path}`);
    expect((await askStatus(path)).kid).toBe(well.kid);
  });

  it('leaves one alone at which another daemon listens', async () => {
    const path = join(folder, 'taken.sock');
    await using _first = await served(`unix:${path}`);
    await expect(served(`unix:${path}`)).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    expect((await askStatus(path)).kid).toBe(well.kid);
  });

  it('leaves a file alone that is no socket', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'precious');
    await expect(served(`unix:${path}`)).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    expect(existsSync(path)).toBe(true);
  });
});

describe('asking', () => {
  it.each([
    ['a socket that is not there', () => join(folder, 'absent.sock'), 'there is no such socket'],
    ['a port at which nobody listens', () => '127.0.0.1:9', 'nobody listens there'],
  ])('says so for %s', async (_, address, detail) => {
    const place = address();
    await expect(askStatus(place)).rejects.toMatchObject({
      code: 'DAEMON_NOT_RUNNING',
      place,
      message: expect.stringContaining(detail),
    });
  });

  it.each([
    ['no JSON', 'hello'],
    ['other JSON', '{}'],
    ['null', 'null'],
  ])('knows that what answers %s is no daemon of ours', async (_, text) => {
    const stop = new AbortController();
    const { port } = await new Promise<AddressInfo>((resolve) => {
      const onListening = (address: AddressInfo | string) => typeof address === 'object' && resolve(address);
      void serveHttp('127.0.0.1:0', () => ({ status: 200, text }), stop.signal, { onListening });
    });
    await expect(askStatus(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
    stop.abort();
  });
});
