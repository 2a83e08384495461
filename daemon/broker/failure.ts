import { FieldsealError } from '../errors.ts';

/**
 * Why there is no connection. `version`: the broker says that it doesn't speak this MQTT version. `mute`: it took the
 * connection and ended it, or answered nonsense, before any CONNACK, which is how some brokers say the same.
 * `silent`: it keeps the connection, and acknowledges nothing.
 */
export type FailureKind = 'refused' | 'unreachable' | 'tls' | 'version' | 'mute' | 'silent';

export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
}

/** Reason codes of MQTT 5 (section 2.4) and return codes of 3.1.1 (section 3.2.2.3) that an operator may meet. */
const REASONS: Readonly<Record<number, readonly [kind: FailureKind, text: string]>> = {
  1: ['version', 'it does not speak this MQTT version'],
  2: ['refused', 'client id not allowed'],
  3: ['unreachable', 'server unavailable'],
  4: ['refused', 'bad user name or password'],
  5: ['refused', 'not authorised'],
  128: ['unreachable', 'unspecified error'],
  129: ['unreachable', 'malformed packet'],
  130: ['unreachable', 'protocol error'],
  131: ['unreachable', 'implementation specific error'],
  132: ['version', 'it does not speak this MQTT version'],
  133: ['refused', 'client id not allowed'],
  134: ['refused', 'bad user name or password'],
  135: ['refused', 'not authorised'],
  136: ['unreachable', 'server unavailable'],
  137: ['unreachable', 'server busy'],
  138: ['refused', 'banned'],
  139: ['unreachable', 'server shutting down'],
  140: ['refused', 'bad authentication method'],
  141: ['unreachable', 'keep-alive timeout'],
  142: ['refused', 'session taken over: another client uses the same client id'],
  143: ['refused', 'topic filter not allowed'],
  144: ['refused', 'topic name not allowed'],
  147: ['unreachable', 'receive maximum exceeded'],
  149: ['refused', 'packet too large'],
  150: ['unreachable', 'message rate too high'],
  151: ['refused', 'quota exceeded'],
  152: ['refused', 'administrative action'],
  153: ['refused', 'payload format invalid'],
  154: ['refused', 'retained messages not supported'],
  155: ['refused', 'quality of service not supported'],
  156: ['refused', 'use another server'],
  157: ['refused', 'server moved'],
  159: ['unreachable', 'connection rate exceeded'],
  160: ['unreachable', 'maximum connect time'],
};

/** What a CONNACK, SUBACK, PUBACK or DISCONNECT code says. */
export function failureOfReasonCode(code: number): Failure {
  const [kind, text] = REASONS[code] ?? ['refused', 'unknown reason'];
  return { kind, detail: `${text} (code ${code})` };
}

/** OpenSSL's verification results that Node passes on as error codes have no common prefix. */
const CERTIFICATE_CODES = /CERT|SIGNATURE|_CA$|_CRL|^ERR_(SSL|TLS|OSSL)_|^EPROTO$|ISSUER|_CHAIN/;

/** Files an error of the socket, of TLS or of the MQTT library under its kind. */
export function failureOfError(error: unknown): Failure {
  const message = messageOf(error);
  const code = codeOf(error);
  if (typeof code === 'number') return failureOfReasonCode(code);
  if (code !== undefined && CERTIFICATE_CODES.test(code)) return { kind: 'tls', detail: `${message} (${code})` };
  return { kind: 'unreachable', detail: message };
}

/** The error that an operator reads in the log and in the status. */
export function brokerError(failure: Failure, url: string): FieldsealError {
  const context = { detail: `${url}: ${failure.detail}` };
  switch (failure.kind) {
    case 'tls':
      return new FieldsealError('BROKER_TLS', { ...context, place: 'mqtt.tls' });
    case 'refused':
    case 'version':
      return new FieldsealError('BROKER_REFUSED', { ...context, place: 'mqtt' });
    case 'silent':
      return new FieldsealError('BROKER_SILENT', { ...context, place: 'mqtt' });
    case 'unreachable':
    case 'mute':
      return new FieldsealError('BROKER_UNREACHABLE', { ...context, place: 'mqtt.url' });
  }
}

/** Why a publish came to nothing. */
export type PublishFailure = 'disconnected' | 'refused' | 'too-large';

/** The broker did not take a message; whoever published it still has it. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly reason: PublishFailure;

  constructor(reason: PublishFailure, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export const messageOf = (error: unknown): string => {
  // A host with several addresses fails with all their errors together, and no message of its own.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
};

function codeOf(error: unknown): string | number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : undefined;
}
