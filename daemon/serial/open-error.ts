import { FieldsealError } from '../errors.ts';

export type PortErrorCode = 'PORT_NOT_FOUND' | 'PORT_DENIED' | 'PORT_BUSY' | 'PORT_FAILED';

/** What errno says about a port (errno(3)). */
const BY_ERRNO: Readonly<Record<string, PortErrorCode>> = {
  ENOENT: 'PORT_NOT_FOUND',
  ENOTDIR: 'PORT_NOT_FOUND',
  ELOOP: 'PORT_NOT_FOUND',
  ENODEV: 'PORT_NOT_FOUND',
  ENXIO: 'PORT_NOT_FOUND',
  ENOTFOUND: 'PORT_NOT_FOUND',
  EAI_AGAIN: 'PORT_NOT_FOUND',
  ECONNREFUSED: 'PORT_NOT_FOUND',
  EHOSTUNREACH: 'PORT_NOT_FOUND',
  ENETUNREACH: 'PORT_NOT_FOUND',
  ETIMEDOUT: 'PORT_NOT_FOUND',
  EACCES: 'PORT_DENIED',
  EPERM: 'PORT_DENIED',
  EBUSY: 'PORT_BUSY',
  EAGAIN: 'PORT_BUSY',
  EADDRINUSE: 'PORT_BUSY',
  EADDRNOTAVAIL: 'PORT_NOT_FOUND',
};

/** serialport's binding puts strerror(3) into its message and gives no code. The lock is flock(2): EAGAIN when held. */
const BY_TEXT: readonly (readonly [RegExp, PortErrorCode])[] = [
  [/cannot lock port|resource temporarily unavailable|device or resource busy/i, 'PORT_BUSY'],
  [/no such file or directory|no such device/i, 'PORT_NOT_FOUND'],
  [/permission denied|operation not permitted/i, 'PORT_DENIED'],
];

/** Makes of whatever opening a port threw the error that an operator can act on. */
export function portError(path: string, cause: unknown): FieldsealError {
  if (cause instanceof FieldsealError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = codeOf(cause) ?? BY_TEXT.find(([text]) => text.test(message))?.[1] ?? 'PORT_FAILED';
  const detail = code === 'PORT_FAILED' ? `${path}: ${message}` : path;
  return new FieldsealError(code, { detail, cause });
}

function codeOf(cause: unknown): PortErrorCode | undefined {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return undefined;
  return BY_ERRNO[cause.code];
}
