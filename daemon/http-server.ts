import { once } from 'node:events';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type ListenOptions } from 'node:net';
import { FieldsealError, reasonOf } from './errors.ts';

/** What is answered to a request. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  /** The content type; plain text where it is left out. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface HttpQuestion {
  /** The path alone, without what follows a "?". */
  readonly path: string;
  /** The Host header as it came. */
  readonly host: string | undefined;
}

/** Answers a GET; a HEAD gets the same without its text. What it throws is a bug and ends the server. */
export type HttpHandler = (question: HttpQuestion) => HttpAnswer | Promise<HttpAnswer>;

export interface HttpServerOptions {
  /** The configuration's path of the address, for the error. */
  readonly place?: string;
  /** Told the address once it listens: where the port asked for is 0, this has the one given; a path for a Unix socket. */
  readonly onListening?: (address: AddressInfo | string) => void;
}

/** Nobody needs more at once than a browser, Prometheus and a few terminals. */
const MAX_CONNECTIONS = 32;
const PATIENCE_MS = 5_000;
/** A request line and its headers; none of ours is long. */
const MAX_HEADER_BYTES = 8_192;
/** The daemon's user and its group may ask over the Unix socket. */
const SOCKET_MODE = 0o660;

/** What every answer carries: nothing of it is framed, sniffed, kept or referred to. */
const SAFE_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * Answers GET and HEAD at `listen`, which is host:port or unix:/path, until the signal. It has neither TLS nor passwords: keep it on
 * the loopback, a Unix socket or a trusted network.
 *
 * @throws FieldsealError LISTEN_FAILED where the address is taken, not this machine's, or not allowed
 */
export async function serveHttp(
  listen: string,
  handle: HttpHandler,
  signal: AbortSignal,
  options: HttpServerOptions = {},
): Promise<void> {
  if (signal.aborted) return;
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    respond(handle, request, response).catch((error: unknown) => server.emit('error', error));
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.headersTimeout = PATIENCE_MS;
  server.requestTimeout = PATIENCE_MS;
  const failed = once(server, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  try {
    const address = parseListen(listen, options.place);
    if (address.path !== undefined) await clearSocket(address.path);
    server.listen(address);
    await Promise.race([once(server, 'listening'), failed, stopped]);
    if (address.path !== undefined && server.listening) await chmod(address.path, SOCKET_MODE);
    tellAddress(server, options);
    await Promise.race([stopped, failed]);
  } catch (cause) {
    throw isSystemError(cause) ? listenFailed(`${listen}: ${reasonOf(cause)}`, options.place, cause) : cause;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function respond(handle: HttpHandler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?', 1)[0] ?? '/';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const answer = isRead
    ? await handle({ path, host: request.headers.host })
    : { status: 405, text: 'only GET\n', headers: { allow: 'GET, HEAD' } };
  const { status, text, type = 'text/plain; charset=utf-8', headers } = answer;
  const length = String(Buffer.byteLength(text));
  response.writeHead(status, { ...SAFE_HEADERS, ...headers, 'content-type': type, 'content-length': length });
  response.end(request.method === 'HEAD' ? undefined : text);
}

function tellAddress(server: Server, { onListening }: HttpServerOptions): void {
  const address = server.address();
  if (address !== null) onListening?.(address);
}

/** A socket that a killed daemon left behind would keep the next one from listening. One that answers, or any other file, stays. */
async function clearSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() !== true) return;
  const isDead = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(false);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'));
  });
  if (isDead) await unlink(path);
}

/** Splits "127.0.0.1:9464", "[::1]:9464" or "unix:/run/fieldseal/status.sock". */
function parseListen(listen: string, place: string | undefined): ListenOptions {
  if (listen.startsWith('unix:')) return { path: listen.slice('unix:'.length) };
  const colon = listen.lastIndexOf(':');
  const port = Number(listen.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw listenFailed(`"${listen}" is neither host:port nor unix:/path`, place, undefined);
  }
  return { host: listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
}

const listenFailed = (detail: string, place: string | undefined, cause: unknown): FieldsealError =>
  new FieldsealError('LISTEN_FAILED', { detail, cause, ...(place === undefined ? {} : { place }) });

const isSystemError = (error: unknown): error is Error => error instanceof Error && 'syscall' in error;
