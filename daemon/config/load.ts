import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { type ErrorCode, FieldsealError, reasonOf } from '../errors.ts';
import { anchorPath, anchorUri } from './credential.ts';
import { type Fault, parseYaml } from './document.ts';
import { type DaemonConfig, daemonSchema, type PortConfig, type VerifierConfig, verifierSchema } from './schema.ts';

/** Reads and validates the daemon's configuration; its relative paths start at the file's own folder. */
export async function loadDaemonConfig(file: string): Promise<DaemonConfig> {
  return anchorDaemon(await load(file, daemonSchema), dirname(resolve(file)));
}

/** Reads and validates the verifier's configuration; its relative paths start at the file's own folder. */
export async function loadVerifierConfig(file: string): Promise<VerifierConfig> {
  return anchorVerifier(await load(file, verifierSchema), dirname(resolve(file)));
}

/** Every mistake in a configuration text, one error each, with file, line and key as the place. */
export function findConfigErrors(text: string, file: string, role: 'daemon' | 'verifier'): FieldsealError[] {
  const parsed = parseYaml(text, file, role === 'daemon' ? daemonSchema : verifierSchema);
  return 'faults' in parsed ? parsed.faults.map(errorOf) : [];
}

export async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: file, cause });
  }
}

/** Reads and validates; the first mistake is thrown. */
async function load<S extends z.ZodType>(file: string, schema: S): Promise<z.output<S>> {
  const parsed = parseYaml(await readConfig(file), file, schema);
  if ('value' in parsed) return parsed.value;
  const [first] = parsed.faults;
  throw first === undefined ? new Error('a configuration was refused without a reason') : errorOf(first);
}

const CODES: Readonly<Record<Fault['kind'], ErrorCode>> = {
  syntax: 'CONFIG_SYNTAX',
  'unknown-key': 'CONFIG_UNKNOWN_KEY',
  invalid: 'CONFIG_INVALID',
};

const errorOf = ({ kind, place, detail }: Fault): FieldsealError => new FieldsealError(CODES[kind], { detail, place });

function anchorDaemon(config: DaemonConfig, folder: string): DaemonConfig {
  return deepFreeze({
    ...config,
    ports: config.ports.map((port) => anchorPort(port, folder)),
    profileFolders: config.profileFolders.map((path) => resolve(folder, path)),
    cameras: config.cameras.map((camera) => ({
      ...camera,
      folder: resolve(folder, camera.folder),
      ...(camera.state === undefined ? {} : { state: resolve(folder, camera.state) }),
    })),
    privacy: anchorPrivacy(config.privacy, folder),
    outbox: { ...config.outbox, directory: resolve(folder, config.outbox.directory) },
    mqtt: anchorMqtt(config.mqtt, folder),
    verifier: { publicKeyFile: anchorPath(config.verifier.publicKeyFile, folder) },
    signer: anchorSigner(config.signer, folder),
  });
}

function anchorPort(port: PortConfig, folder: string): PortConfig {
  const { evidence } = port;
  if (evidence === undefined) return port;
  return { ...port, evidence: { ...evidence, directory: resolve(folder, evidence.directory) } };
}

function anchorVerifier(config: VerifierConfig, folder: string): VerifierConfig {
  return deepFreeze({
    ...config,
    ledger: resolve(folder, config.ledger),
    mqtt: anchorMqtt(config.mqtt, folder),
    signer: anchorSigner(config.signer, folder),
  });
}

function anchorPrivacy({ zones, state }: DaemonConfig['privacy'], folder: string): DaemonConfig['privacy'] {
  return {
    zones: zones.map((zone) =>
      zone.geojson === undefined ? zone : { ...zone, geojson: resolve(folder, zone.geojson) },
    ),
    ...(state === undefined ? {} : { state: resolve(folder, state) }),
  };
}

function anchorMqtt(mqtt: DaemonConfig['mqtt'], folder: string): DaemonConfig['mqtt'] {
  const { ca, cert, key } = mqtt.tls;
  return {
    ...mqtt,
    ...(mqtt.passwordFile === undefined ? {} : { passwordFile: anchorPath(mqtt.passwordFile, folder) }),
    tls: {
      ...mqtt.tls,
      ...(ca === undefined ? {} : { ca: anchorPath(ca, folder) }),
      ...(cert === undefined ? {} : { cert: anchorPath(cert, folder) }),
      ...(key === undefined ? {} : { key: anchorPath(key, folder) }),
    },
  };
}

function anchorSigner<S extends { uri: string }>(signer: S, folder: string): S {
  return { ...signer, uri: anchorUri(signer.uri, folder) };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
