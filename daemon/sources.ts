import { createHash } from 'node:crypto';
import type { DaemonConfig } from './config/index.ts';
import { FieldsealError } from './errors.ts';
import {
  type DeviceProfile,
  joinInputs,
  loadPreset,
  loadProfile,
  type ProfiledPort,
  SHIPPED_PROFILES,
} from './profiles/index.ts';
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
  readonly port: ProfiledPort;
  readonly profile: DeviceProfile;
}

/** The ports with their profiles, the cameras, and every source that a proof of this gateway may name. */
export interface Sources {
  readonly ports: readonly ConfiguredPort[];
  readonly cameras: DaemonConfig['cameras'];
  readonly proofSources: readonly ProofSource[];
}

/** @throws FieldsealError PROFILE_NOT_FOUND, PROFILE_INVALID, FILE_NOT_READABLE, or CONFIG_INVALID for a port's path */
export async function loadSources(config: DaemonConfig): Promise<Sources> {
  const folders = [...config.profileFolders, SHIPPED_PROFILES];
  const { preset: id } = config;
  const preset = id === undefined ? undefined : await placed('preset', id, () => loadPreset(id, folders));
  const inputs = joinInputs(config, preset);
  const ports: ConfiguredPort[] = [];
  for (const port of inputs.ports) {
    const index = config.ports.findIndex(({ source }) => source === port.source);
    const place = index < 0 ? `${id} ports: ${port.source}` : `ports[${index}]`;
    const profile = await placed(`${place}.profile`, port.profile, () => loadProfile(port.profile, folders));
    checkPath(port.path, profile, `${place}.path`);
    ports.push({ port, profile });
  }
  const described = [
    ...ports.map(({ port, profile }) => ({
      source: port.source,
      profile: profile.id,
      profileDigest: profile.digest,
    })),
    ...inputs.cameras.map(({ source }) => builtIn(source, 'builtin/camera')),
  ];
  const proofSources = config.health.interval > 0 ? [...described, HOST_SOURCE] : described;
  return { ports, cameras: inputs.cameras, proofSources };
}

/** What is not there is missed where it was asked for. */
async function placed<T>(place: string, id: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
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
