import { FieldsealError } from '../errors.ts';
import { FileTransport } from './file-transport.ts';
import type { PortMatch } from './find-port.ts';
import { SerialTransport } from './serial-transport.ts';
import { TcpTransport } from './tcp-transport.ts';
import type { Transport } from './transport.ts';
import { UdpTransport } from './udp-transport.ts';

/** By what a port is reached. */
export type PortMedium = 'serial' | 'tcp' | 'udp' | 'file';

const PREFIXES: readonly (readonly [prefix: string, medium: PortMedium])[] = [
  ['file:', 'file'],
  ['tcp://', 'tcp'],
  ['udp://', 'udp'],
];

/** The path that leaves it to the device's USB ids which serial port is meant. */
export { AUTO_PATH } from './serial-transport.ts';

export const mediumOf = (path: string): PortMedium =>
  PREFIXES.find(([prefix]) => path.startsWith(prefix))?.[1] ?? 'serial';

/**
 * The transport that a configured port path names: a device node, `auto` (by USB ids), `tcp://HOST:PORT`,
 * `udp://[HOST]:PORT` (to listen on), or a recording as `file:PATH`, played as fast as it is taken, with `?speed=FACTOR` of
 * the recorded speed, or with `?rate=BYTES_PER_SECOND`.
 *
 * @throws FieldsealError CONFIG_INVALID
 */
export function transportFor(path: string, match: PortMatch | undefined, connectTimeoutMs: number): Transport {
  switch (mediumOf(path)) {
    case 'file':
      return fileTransport(path);
    case 'tcp': {
      const { host, port } = addressOf(path);
      if (host === undefined) throw invalid(path, 'tcp://HOST:PORT');
      return new TcpTransport(path, host, port, connectTimeoutMs);
    }
    case 'udp': {
      const { host, port } = addressOf(path);
      return new UdpTransport(path, host, port);
    }
    case 'serial':
      return new SerialTransport(path, match);
  }
}

function fileTransport(path: string): Transport {
  const match = /^file:(?<file>.+?)(?:\?(?:rate=(?<rate>\d+)|speed=(?<speed>\d+(?:\.\d+)?)))?$/s.exec(path)?.groups;
  const file = match?.['file'];
  const rate = match?.['rate'] === undefined ? undefined : Number(match['rate']);
  const speed = match?.['speed'] === undefined ? undefined : Number(match['speed']);
  if (file === undefined || rate === 0 || speed === 0) {
    throw invalid(path, 'file:PATH, file:PATH?speed=FACTOR or file:PATH?rate=BYTES_PER_SECOND');
  }
  if (rate !== undefined) return new FileTransport(file, { bytesPerSecond: rate });
  return speed === undefined ? new FileTransport(file) : new FileTransport(file, { speed });
}

function addressOf(path: string): { host: string | undefined; port: number } {
  const match = /^(?<scheme>tcp|udp):\/\/(?:\[(?<six>[^\]]+)\]|(?<host>[^:/?#]+))?:(?<port>\d{1,5})\/?$/.exec(
    path,
  )?.groups;
  const port = Number(match?.['port']);
  if (!(port > 0 && port < 65_536))
    throw invalid(path, path.startsWith('udp') ? 'udp://[HOST]:PORT' : 'tcp://HOST:PORT');
  return { host: match?.['six'] ?? match?.['host'], port };
}

const invalid = (path: string, form: string): FieldsealError =>
  new FieldsealError('CONFIG_INVALID', { detail: `${path} is not ${form}` });
