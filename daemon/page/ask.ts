import { type IncomingMessage, request } from 'node:http';
import { FieldsealError, reasonOf } from '../errors.ts';
import type { StatusReport } from './report.ts';

const PATIENCE_MS = 5_000;
/** A report with tracks of many receivers is a few hundred kilobytes. */
const MAX_BYTES = 8_000_000;

/**
 * Asks a running daemon how it is.
 *
 * @param address unix:/path, /path or host:port
 * @throws FieldsealError DAEMON_NOT_RUNNING where nobody answers there, or somebody else; DAEMON_DENIED
 */
export async function askStatus(address: string): Promise<StatusReport> {
  const text = await get(address, '/status.json');
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch (cause) {
    throw new FieldsealError('DAEMON_NOT_RUNNING', {
      detail: 'what answers is no Fieldseal daemon',
      place: address,
      cause,
    });
  }
  if (isReport(report)) return report;
  throw new FieldsealError('DAEMON_NOT_RUNNING', { detail: 'what answers is no Fieldseal daemon', place: address });
}

/** Our own daemon made it, so its shape is not gone through. */
const isReport = (value: unknown): value is StatusReport =>
  typeof value === 'object' && value !== null && 'kid' in value && 'findings' in value && 'sources' in value;

async function get(address: string, path: string): Promise<string> {
  const socketPath = address.startsWith('/') ? address : /^unix:(.+)$/.exec(address)?.[1];
  const where = socketPath === undefined ? tcpAddress(address) : { socketPath };
  const headers = { host: 'localhost', connection: 'close' };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request({ ...where, path, headers, signal: AbortSignal.timeout(PATIENCE_MS) }, resolve);
      asked.once('error', reject);
      asked.end();
    });
    return await readAll(response);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EACCES' || code === 'EPERM') {
      throw new FieldsealError('DAEMON_DENIED', { detail: reasonOf(cause), place: address, cause });
    }
    throw new FieldsealError('DAEMON_NOT_RUNNING', { detail: inWords(code, cause), place: address, cause });
  }
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BYTES) throw new Error('the answer has no end');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tcpAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(colon + 1)) };
}

function inWords(code: unknown, cause: unknown): string {
  if (code === 'ENOENT') return 'there is no such socket';
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ABORT_ERR') return `no answer within ${PATIENCE_MS / 1_000} s`;
  return reasonOf(cause);
}
