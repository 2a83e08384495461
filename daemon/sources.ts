import { createHash } from 'node:crypto';
import type { DaemonConfig, PortConfig } from './config/index.ts';
import { FieldsealError } from './errors.ts';
import { type DeviceProfile, loadProfile, SHIPPED_PROFILES } from './profiles/index.ts';
import type { ProofSource } from './proof/index.ts';
import { AUTO_PATH, mediumOf, transportFor } from './serial/index.ts';

/** A source that the daemon has built in. No file describes it: its digest is that of its name. */
const builtIn = (source: string, profile: string): ProofSource => ({
  source,
  profile,
  profileDigest: createHash('sha256').update(profile).digest(),
});

/** The gateway itself as a source of host.health readings. */
export const HOST_SOURCE = builtIn('host', 'builtin/host');

export interface ConfiguredPort {
  readonly port: PortConfig;
  readonly profile: DeviceProfile;
}

/** The configured ports with their profiles, and every source that a proof of this gateway may name. */
export interface Sources {
  readonly ports: readonly ConfiguredPort[];
  readonly proofSources: readonly ProofSource[];
}

/** @throws FieldsealError PROFILE_NOT_FOUND, PROFILE_INVALID, FILE_NOT_READABLE, or CONFIG_INVALID for a port's path */
export async function loadSources(config: DaemonConfig): Promise<Sources> {
  const folders = [...config.profileFolders, SHIPPED_PROFILES];
  const ports: ConfiguredPort[] = [];
  for (const [index, port] of config.ports.entries()) {
    const profile = await loadAt(port.profile, folders, `ports[${index}].profile`);
    checkPath(port.path, profile, `ports[${index}].path`);
    ports.push({ port, profile });
  }
  const described = [
    ...ports.map(({ port, profile }) => ({
      source: port.source,
      profile: profile.id,
      profileDigest: profile.digest,
    })),
    ...config.cameras.map(({ source }) => builtIn(source, 'builtin/camera')),
  ];
  return { ports, proofSources: config.health.interval > 0 ? [...described, HOST_SOURCE] : described };
}

async function loadAt(id: string, folders: readonly string[], place: string): Promise<DeviceProfile> {
  try {
    return await loadProfile(id, folders);
  } catch (error) {
    if (!(error instanceof FieldsealError) || error.code !== 'PROFILE_NOT_FOUND') throw error;
    throw new FieldsealError('PROFILE_NOT_FOUND', { detail: JSON.stringify(id), place });
  }
}

/** A path that its device cannot be reached by is told before anything starts. */
function checkPath(path: string, { id, serial }: DeviceProfile, place: string): void {
  try {
    transportFor(path, serial?.match, 0);
  } catch (error) {
    throw error instanceof FieldsealError ? error.at(place) : error;
  }
  if (mediumOf(path) !== 'serial') return;
  const refuse = (detail: string): FieldsealError => new FieldsealError('CONFIG_INVALID', { detail, place });
  if (serial === undefined)
    throw refuse(`${id} is reached over the network: write udp://[HOST]:PORT or tcp://HOST:PORT`);
  if (path === AUTO_PATH && serial.match === undefined) {
    throw refuse(`${id} names no USB ids by which to find its device: write the path`);
  }
}
