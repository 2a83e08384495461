import { FieldsealError } from '../errors.ts';

/** Where a PIN is: in a file, or (for tests) in the URI itself. */
export type PinSource = { readonly file: string } | { readonly value: string };

/** A key in a PKCS#11 token (RFC 7512). Absent attributes match anything. */
export interface Pkcs11Uri {
  readonly scheme: 'pkcs11';
  readonly library: { readonly manufacturer?: string; readonly description?: string; readonly version?: string };
  readonly slot: { readonly id?: bigint; readonly description?: string; readonly manufacturer?: string };
  readonly token: {
    readonly label?: string;
    readonly manufacturer?: string;
    readonly model?: string;
    readonly serial?: string;
  };
  /** At least one of the two is there. */
  readonly key: { readonly label?: string; readonly id?: Uint8Array };
  readonly module: { readonly path: string } | { readonly name: string };
  readonly pin?: PinSource;
  /** The URI for people: without its query, hence without a PIN. */
  readonly shown: string;
}

/** A key in a file, for development. */
export interface FileUri {
  readonly scheme: 'file';
  readonly path: string;
  readonly shown: string;
}

export type SignerUri = Pkcs11Uri | FileUri;

const PATH_ATTRIBUTES = [
  'token',
  'manufacturer',
  'serial',
  'model',
  'library-manufacturer',
  'library-description',
  'library-version',
  'object',
  'type',
  'id',
  'slot-description',
  'slot-id',
  'slot-manufacturer',
] as const;
const QUERY_ATTRIBUTES = ['pin-source', 'pin-value', 'module-name', 'module-path'] as const;

/** RFC 7512, section 2.3: pk11-pchar and pk11-qchar without their percent-encoded bytes. */
const PATH_CHARACTERS = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=&]|%[0-9A-Fa-f]{2})*$/;
const QUERY_CHARACTERS = /^(?:[A-Za-z0-9\-._~:[\]@!$'()*+,=/?|]|%[0-9A-Fa-f]{2})*$/;

const invalid = (detail: string): FieldsealError => new FieldsealError('SIGNER_URI_INVALID', { detail });

/** Parses a signer's URI. Throws FieldsealError SIGNER_URI_INVALID, whose text never holds a value of the query. */
export function parseSignerUri(text: string): SignerUri {
  if (text.startsWith('pkcs11:')) return parsePkcs11(text.slice('pkcs11:'.length));
  if (text.startsWith('file:')) {
    const path = filePath(text);
    return { scheme: 'file', path, shown: text };
  }
  throw invalid('it begins with neither pkcs11: nor file:');
}

function parsePkcs11(rest: string): Pkcs11Uri {
  const mark = rest.indexOf('?');
  const pathText = mark < 0 ? rest : rest.slice(0, mark);
  const path = readAttributes(pathText, ';', PATH_ATTRIBUTES, PATH_CHARACTERS);
  const query = readAttributes(mark < 0 ? '' : rest.slice(mark + 1), '&', QUERY_ATTRIBUTES, QUERY_CHARACTERS);

  // RFC 7512, section 2.3: type names the object's class; a signer is a private key.
  const type = path.text('type');
  if (type !== undefined && type !== 'private') throw invalid('type is not private');
  const id = path.bytes('id');
  const label = path.text('object');
  if (label === undefined && id === undefined) throw invalid('it names no key: add object= or id=');
  return {
    scheme: 'pkcs11',
    library: present({
      manufacturer: path.text('library-manufacturer'),
      description: path.text('library-description'),
      version: path.text('library-version'),
    }),
    slot: present({
      id: slotId(path.text('slot-id')),
      description: path.text('slot-description'),
      manufacturer: path.text('slot-manufacturer'),
    }),
    token: present({
      label: path.text('token'),
      manufacturer: path.text('manufacturer'),
      model: path.text('model'),
      serial: path.text('serial'),
    }),
    key: present({ label, id }),
    module: moduleOf(query.text('module-path'), query.text('module-name')),
    ...present({ pin: pinOf(query.text('pin-source'), query.text('pin-value')) }),
    shown: `pkcs11:${pathText}`,
  };
}

interface Attributes {
  text(name: string): string | undefined;
  bytes(name: string): Uint8Array | undefined;
}

function readAttributes(text: string, separator: string, known: readonly string[], allowed: RegExp): Attributes {
  const values = new Map<string, string>();
  for (const part of text === '' ? [] : text.split(separator)) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    const value = part.slice(equals + 1);
    if (!known.includes(name)) throw invalid(`unknown attribute ${JSON.stringify(name)}`);
    if (equals < 0 || value === '') throw invalid(`${name} has no value`);
    if (values.has(name)) throw invalid(`${name} is there twice`);
    if (!allowed.test(value)) throw invalid(`${name} has a character that must be percent-encoded`);
    values.set(name, value);
  }
  return {
    text: (name) => percentDecode(name, values.get(name)),
    bytes: (name) => {
      const value = values.get(name);
      return value === undefined ? undefined : percentDecodeBytes(value);
    },
  };
}

function percentDecode(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  let decoded: string;
  try {
    decoded = decodeURIComponent(value);
  } catch {
    throw invalid(`${name} is not UTF-8`);
  }
  // A zero byte would end the name early in C.
  if (decoded.includes('\0')) throw invalid(`${name} holds a zero byte`);
  return decoded;
}

function percentDecodeBytes(value: string): Uint8Array {
  const binary = value.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return new Uint8Array(Buffer.from(binary, 'latin1'));
}

function slotId(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,20}$/.test(text)) throw invalid('slot-id is not a decimal number');
  return BigInt.asUintN(64, BigInt(text));
}

function moduleOf(path: string | undefined, name: string | undefined): Pkcs11Uri['module'] {
  if (path !== undefined && name !== undefined) throw invalid('module-path and module-name are both there');
  if (path !== undefined) {
    if (!path.startsWith('/')) throw invalid('module-path is not an absolute path');
    return { path };
  }
  if (name === undefined) throw invalid('it names no PKCS#11 module: add ?module-path= or ?module-name=');
  // RFC 7512, section 2.3: the file's name without folder and extension.
  if (name.includes('/') || name.startsWith('.')) throw invalid('module-name is not a plain name');
  return { name };
}

function pinOf(source: string | undefined, value: string | undefined): PinSource | undefined {
  if (source !== undefined && value !== undefined) throw invalid('pin-source and pin-value are both there');
  if (value !== undefined) return { value };
  if (source === undefined) return undefined;
  // RFC 7512, section 2.4 leaves the form open; a command ("|...") is not run.
  const file = source.startsWith('file:') ? filePath(source) : source;
  if (!file.startsWith('/')) throw invalid('pin-source is not the absolute path of a file');
  return { file };
}

/** file:PATH, file:/PATH or file:///PATH (RFC 8089); percent-encoding is resolved. */
function filePath(text: string): string {
  const rest = text.slice('file:'.length);
  const path = rest.startsWith('//') ? rest.slice(2) : rest;
  if (path === '' || (rest.startsWith('//') && !path.startsWith('/'))) throw invalid('file: names no local file');
  return percentDecode('file:', path) ?? path;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined, as exactOptionalPropertyTypes asks. */
function present<T extends object>(values: T): Present<T> {
  const kept: Present<T> = {};
  for (const name of Object.keys(values) as (keyof T)[]) {
    const value = values[name];
    if (value !== undefined) kept[name] = value as Exclude<T[keyof T], undefined>;
  }
  return kept;
}

/** Percent-encodes an attribute's value for a pkcs11: URI. */
export function encodeUriValue(value: string): string {
  return encodeURIComponent(value).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
