import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { FieldsealError } from '../errors.ts';
import { type DaemonConfig, daemonSchema, type VerifierConfig, verifierSchema } from './schema.ts';

/** Reads and validates the daemon's configuration; its relative paths start at the file's own folder. */
export async function loadDaemonConfig(file: string): Promise<DaemonConfig> {
  return anchorDaemon(orThrow(parseConfig(await readConfig(file), file, daemonSchema)), dirname(resolve(file)));
}

/** Reads and validates the verifier's configuration; its relative paths start at the file's own folder. */
export async function loadVerifierConfig(file: string): Promise<VerifierConfig> {
  return anchorVerifier(orThrow(parseConfig(await readConfig(file), file, verifierSchema)), dirname(resolve(file)));
}

/** Every mistake in a configuration text, one error each, with file, line and key as the place. */
export function findConfigErrors(text: string, file: string, role: 'daemon' | 'verifier'): FieldsealError[] {
  const parsed = parseConfig(text, file, role === 'daemon' ? daemonSchema : verifierSchema);
  return 'errors' in parsed ? parsed.errors : [];
}

export async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: messageOf(cause), place: file, cause });
  }
}

type Parsed<T> = { readonly config: T } | { readonly errors: FieldsealError[] };

function parseConfig<S extends z.ZodType>(text: string, file: string, schema: S): Parsed<z.output<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      errors: document.errors.map(({ message, pos }) => {
        const place = `${file}:${lines.linePos(pos[0]).line}`;
        return new FieldsealError('CONFIG_SYNTAX', { detail: message, place });
      }),
    };
  }
  const result = schema.safeParse(document.toJS() ?? {});
  if (result.success) return { config: result.data };

  const placeOf = (path: readonly PropertyKey[]): string => {
    const key = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
    return `${file}:${lineOf(path)} ${key.slice(1) || '(top level)'}`;
  };
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true);
      const start = hasRange(node) ? node.range[0] : undefined;
      if (start !== undefined) return lines.linePos(start).line;
    }
    return 1;
  };
  const errors = result.error.issues.flatMap((issue): FieldsealError[] => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const path = [...issue.path, key];
        return new FieldsealError('CONFIG_UNKNOWN_KEY', { detail: JSON.stringify(key), place: placeOf(path) });
      });
    }
    const missing = issue.code === 'invalid_type' && valueAt(document.toJS(), issue.path) === undefined;
    const detail = missing ? 'is missing' : lowerFirst(issue.message);
    return [new FieldsealError('CONFIG_INVALID', { detail, place: placeOf(issue.path) })];
  });
  return { errors };
}

function orThrow<T>(parsed: Parsed<T>): T {
  if ('config' in parsed) return parsed.config;
  const [first] = parsed.errors;
  throw first ?? new Error('a configuration was refused without a reason');
}

function anchorDaemon(config: DaemonConfig, folder: string): DaemonConfig {
  return deepFreeze({
    ...config,
    profileFolders: config.profileFolders.map((path) => resolve(folder, path)),
    outbox: { ...config.outbox, directory: resolve(folder, config.outbox.directory) },
    mqtt: anchorMqtt(config.mqtt, folder),
    verifier: { publicKeyFile: resolve(folder, config.verifier.publicKeyFile) },
    signer: anchorSigner(config.signer, folder),
  });
}

function anchorVerifier(config: VerifierConfig, folder: string): VerifierConfig {
  return deepFreeze({
    ...config,
    ledger: resolve(folder, config.ledger),
    mqtt: anchorMqtt(config.mqtt, folder),
    signer: anchorSigner(config.signer, folder),
  });
}

function anchorMqtt(mqtt: DaemonConfig['mqtt'], folder: string): DaemonConfig['mqtt'] {
  const { ca, cert, key } = mqtt.tls;
  return {
    ...mqtt,
    ...(mqtt.passwordFile === undefined ? {} : { passwordFile: resolve(folder, mqtt.passwordFile) }),
    tls: {
      ...mqtt.tls,
      ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
      ...(cert === undefined ? {} : { cert: resolve(folder, cert) }),
      ...(key === undefined ? {} : { key: resolve(folder, key) }),
    },
  };
}

/** A `file:` key of a relative path stands beside the configuration; a pkcs11: URI is taken as it is. */
function anchorSigner<S extends { uri: string }>(signer: S, folder: string): S {
  const path = /^file:(?!\/)(.+)$/.exec(signer.uri)?.[1];
  return path === undefined ? signer : { ...signer, uri: `file:${resolve(folder, path)}` };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

const hasRange = (node: unknown): node is { range: readonly [number, number, number] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
