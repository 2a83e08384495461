/**
 * The gateway message protocol, version 1 and 2: a datagram is a version byte, a token of two bytes, an identifier, in
 * some the gateway's EUI, and in some a JSON object (Semtech, "Basic communication protocol between LoRa gateway and
 * Network Server", sections 3 and 5).
 */
export const PUSH_DATA = 0;
export const PUSH_ACK = 1;
export const PULL_DATA = 2;
export const PULL_RESP = 3;
export const PULL_ACK = 4;
export const TX_ACK = 5;

export const DATAGRAM_NAMES: readonly string[] = [
  'PUSH_DATA',
  'PUSH_ACK',
  'PULL_DATA',
  'PULL_RESP',
  'PULL_ACK',
  'TX_ACK',
];

/** The longest that UDP over IPv4 carries. */
export const MAX_DATAGRAM = 65_507;

const HEADER = 4;
const WITH_EUI = 12;

/** Bytes before the JSON, by identifier. */
export function headerLength(id: number): number {
  return id === PUSH_DATA || id === PULL_DATA || id === TX_ACK ? WITH_EUI : HEADER;
}

/** Whether a JSON object must, may or may not follow the header. */
export function bodyRule(id: number): 'must' | 'may' | 'none' {
  if (id === PUSH_DATA || id === PULL_RESP) return 'must';
  return id === TX_ACK ? 'may' : 'none';
}

export interface Datagram {
  readonly type: 'gwmp';
  readonly version: number;
  readonly token: number;
  readonly id: number;
  /** The gateway's EUI; empty in datagrams that have none. */
  readonly eui: Uint8Array;
  /** The JSON object; undefined where there is none. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
  /** All of it, as it came. */
  readonly bytes: Uint8Array;
}

/** Whether the four bytes at `at` may begin a datagram. */
export function isHeader(bytes: Uint8Array, at: number): boolean {
  const version = bytes[at];
  const id = bytes[at + 3];
  return (version === 1 || version === 2) && id !== undefined && id <= TX_ACK;
}

/** Reads the bytes of one datagram whose header has been looked at; undefined where its JSON is none. */
export function readDatagram(bytes: Uint8Array): Datagram | undefined {
  const [version = 0, high = 0, low = 0, id = 0] = bytes;
  const header = headerLength(id);
  if (bytes.length < header) return undefined;
  const rule = bodyRule(id);
  const text = rule === 'none' ? '' : textOf(bytes.subarray(header));
  let body: Record<string, unknown> | undefined;
  if (text !== '') {
    body = parseObject(text);
    if (body === undefined) return undefined;
  } else if (rule === 'must') {
    return undefined;
  }
  return {
    type: 'gwmp',
    version,
    token: (high << 8) | low,
    id,
    eui: bytes.slice(HEADER, header),
    body,
    bytes: bytes.slice(),
  };
}

/** Some forwarders end their JSON with the C string's zero, or with white space. */
function textOf(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] ?? 0) <= 0x20) end--;
  return Buffer.from(bytes.buffer, bytes.byteOffset, end).toString('utf8');
}

export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

export function asObject(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A datagram without a JSON object: an acknowledgement. */
export function encodeHeader(version: number, token: number, id: number): Uint8Array {
  return Uint8Array.of(version, token >> 8, token & 0xff, id);
}

/** A PULL_RESP with its JSON object. */
export function encodePullResp(version: number, token: number, body: object): Uint8Array {
  return Buffer.concat([encodeHeader(version, token, PULL_RESP), Buffer.from(JSON.stringify(body))]);
}

/** The same datagram under another token. */
export function withToken(bytes: Uint8Array, token: number): Uint8Array {
  const copy = bytes.slice();
  copy[1] = token >> 8;
  copy[2] = token & 0xff;
  return copy;
}
