import { createHash } from 'node:crypto';
import type { CameraConfig, DaemonConfig } from './config/index.ts';
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
import { type CreateDecoder, findProtocol } from './protocols/index.ts';
import { AUTO_PATH, mediumOf, transportFor } from './serial/index.ts';

/** The gateway itself as a source, of host.health and clock.step readings. No file describes it: its digest is that of its name. */
export const HOST_SOURCE: ProofSource = {
  source: 'host',
  profile: 'builtin/host',
  profileDigest: createHash('sha256').update('builtin/host').digest(),
};

export interface ConfiguredPort {
  readonly port: ProfiledPort;
  readonly profile: DeviceProfile;
  readonly createDecoder: CreateDecoder;
}

/** The ports with their profiles, the cameras, and every source that a proof of this gateway may name. */
export interface Sources {
  readonly ports: readonly ConfiguredPort[];
  readonly cameras: readonly CameraConfig[];
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
    ports.push({ port, profile, createDecoder: await loadDecoder(profile) });
  }
  const cameras: CameraConfig[] = [];
  const proofSources = ports.map(({ port, profile }) => describe(port.source, profile));
  for (const camera of inputs.cameras) {
    const place = `cameras: ${camera.source}.profile`;
    const profile = await placed(place, camera.profile, () => loadProfile(camera.profile, folders));
    if (profile.folder === undefined) {
      throw new FieldsealError('CONFIG_INVALID', { detail: `${profile.id} is the profile of a port`, place });
    }
    cameras.push({ ...profile.folder, ...camera });
    proofSources.push(describe(camera.source, profile));
  }
  proofSources.push(HOST_SOURCE);
  return { ports, cameras, proofSources };
}

/** The code that reads a device's protocol. */
export function loadDecoder({ id, protocol }: Pick<DeviceProfile, 'id' | 'protocol'>): Promise<CreateDecoder> {
  const found = findProtocol(protocol);
  if (found === undefined) throw new Error(`the validated profile ${id} names the unknown protocol ${protocol}`);
  return found.loadDecoder();
}

const describe = (source: string, { id, digest }: DeviceProfile): ProofSource => ({
  source,
  profile: id,
  profileDigest: digest,
});

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
function checkPath(path: string, { id, serial, folder }: DeviceProfile, place: string): void {
  const refuse = (detail: string): FieldsealError => new FieldsealError('CONFIG_INVALID', { detail, place });
  if (folder !== undefined) throw refuse(`${id} is for a folder: name it under cameras`);
  try {
    transportFor(path, serial?.match, 0);
  } catch (error) {
    throw error instanceof FieldsealError ? error.at(place) : error;
  }
  if (mediumOf(path) !== 'serial') return;
  if (serial === undefined)
    throw refuse(`${id} is reached over the network: write udp://[HOST]:PORT or tcp://HOST:PORT`);
  if (path === AUTO_PATH && serial.match === undefined) {
    throw refuse(`${id} names no USB ids by which to find its device: write the path`);
  }
}
