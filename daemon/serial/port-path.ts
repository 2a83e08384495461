import { FieldsealError } from '../errors.ts';
import { FileTransport } from './file-transport.ts';
import type { PortMatch } from './find-port.ts';
import { SerialTransport } from './serial-transport.ts';
import { TcpTransport } from './tcp-transport.ts';
import type { Transport } from './transport.ts';

const FILE_PREFIX = 'file:';
const TCP_PREFIX = 'tcp://';

/**
 * The transport that a configured port path names: a device node, `auto` (by USB ids), `tcp://HOST:PORT`, or a recording
 * as `file:PATH` or `file:PATH?rate=BYTES_PER_SECOND`.
 *
 * @throws FieldsealError CONFIG_INVALID
 */
export function transportFor(path: string, match: PortMatch | undefined, connectTimeoutMs: number): Transport {
  if (path.startsWith(FILE_PREFIX)) return fileTransport(path);
  if (path.startsWith(TCP_PREFIX)) return tcpTransport(path, connectTimeoutMs);
  return new SerialTransport(path, match);
}

function fileTransport(path: string): Transport {
  const match = /^file:(?<file>.+?)(?:\?rate=(?<rate>\d+))?$/s.exec(path);
  const file = match?.groups?.['file'];
  const rate = match?.groups?.['rate'];
  if (file === undefined || rate === '0') {
    throw new FieldsealError('CONFIG_INVALID', {
      detail: `${path} is not file:PATH or file:PATH?rate=BYTES_PER_SECOND`,
    });
  }
  return rate === undefined ? new FileTransport(file) : new FileTransport(file, Number(rate));
}

function tcpTransport(path: string, connectTimeoutMs: number): Transport {
  const match = /^tcp:\/\/(?:\[(?<six>[^\]]+)\]|(?<host>[^:/?#]+)):(?<port>\d{1,5})\/?$/.exec(path);
  const host = match?.groups?.['six'] ?? match?.groups?.['host'];
  const port = Number(match?.groups?.['port']);
  if (host === undefined || !(port > 0 && port < 65_536)) {
    throw new FieldsealError('CONFIG_INVALID', { detail: `${path} is not tcp://HOST:PORT` });
  }
  return new TcpTransport(path, host, port, connectTimeoutMs);
}
