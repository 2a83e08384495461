import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FieldsealError } from './errors.ts';

/** What Prometheus is told: a prom-client Registry, or anything like it. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface MetricsServerOptions {
  /** The configuration's path of the address, for the error. */
  readonly place?: string;
  /** Told the address once it listens; where the port asked for is 0, this has the one given. */
  readonly onListening?: (address: AddressInfo) => void;
}

/**
 * Serves GET /metrics (Prometheus text format) and GET /healthz ("ok" while the event loop turns) at `listen`, which is
 * host:port, until the signal. It has neither TLS nor passwords: keep it on the loopback or a trusted network.
 *
 * @throws FieldsealError LISTEN_FAILED where the address is taken, not this machine's, or not allowed.
 */
export async function serveMetrics(
  listen: string,
  source: MetricsSource,
  signal: AbortSignal,
  options: MetricsServerOptions = {},
): Promise<void> {
  if (signal.aborted) return;
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'only GET\n');
    else if (path === '/healthz') answer(response, 200, 'ok\n');
    else if (path === '/metrics') {
      source.metrics().then(
        (text) => answer(response, 200, text, source.contentType),
        (error: unknown) => server.emit('error', error),
      );
    } else answer(response, 404, 'see /metrics and /healthz\n');
  });
  const failed = once(server, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  try {
    server.listen(addressOf(listen, options.place));
    await Promise.race([once(server, 'listening'), failed, stopped]);
    const address = server.address();
    if (address !== null && typeof address !== 'string') options.onListening?.(address);
    await Promise.race([stopped, failed]);
  } catch (cause) {
    throw isSystemError(cause) ? listenFailed(`${listen}: ${cause.message}`, options.place, cause) : cause;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Splits "127.0.0.1:9464" or "[::1]:9464". */
function addressOf(listen: string, place: string | undefined): { host: string; port: number } {
  const colon = listen.lastIndexOf(':');
  const port = Number(listen.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw listenFailed(`"${listen}" is not host:port`, place, undefined);
  }
  return { host: listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}

const listenFailed = (detail: string, place: string | undefined, cause: unknown): FieldsealError =>
  new FieldsealError('LISTEN_FAILED', { detail, cause, ...(place === undefined ? {} : { place }) });

const isSystemError = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}
