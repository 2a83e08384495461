import type { DaemonConfig } from '../config/index.ts';
import { FieldsealError } from '../errors.ts';
import { isPresetId, listFiles, readChecked } from './folders.ts';
import { type PresetData, presetSchema } from './preset-schema.ts';

/** A validated gateway preset. */
export interface GatewayPreset extends PresetData {
  readonly file: string;
}

type PortConfig = DaemonConfig['ports'][number];

/** A port that is complete: with the profile by which its device is read. */
export type ProfiledPort = PortConfig & { readonly profile: string };

/** What a gateway reads. */
export interface Inputs {
  readonly ports: readonly ProfiledPort[];
  readonly cameras: DaemonConfig['cameras'];
}

/** The files of all presets below the folders, by id; the first folder that has an id wins. */
export async function listPresets(folders: readonly string[]): Promise<Map<string, string>> {
  return new Map([...(await listFiles(folders))].filter(([id]) => isPresetId(id)));
}

/**
 * Loads the preset of an id.
 *
 * @throws FieldsealError PROFILE_NOT_FOUND, PROFILE_INVALID or FILE_NOT_READABLE
 */
export async function loadPreset(id: string, folders: readonly string[]): Promise<GatewayPreset> {
  const file = (await listPresets(folders)).get(id);
  if (file === undefined) throw new FieldsealError('PROFILE_NOT_FOUND', { detail: JSON.stringify(id) });
  return readPreset(file, id);
}

/**
 * Reads and validates one preset file.
 *
 * @param id what its `id` has to be; left out, any
 * @throws FieldsealError PROFILE_INVALID or FILE_NOT_READABLE
 */
export async function readPreset(file: string, id?: string): Promise<GatewayPreset> {
  const { value } = await readChecked(file, presetSchema, id);
  return { ...value, file };
}

/**
 * The ports and cameras of a preset with those of a configuration: what the configuration says of a source that the preset has
 * counts, its other sources come behind. Without a preset, the configuration's own.
 *
 * @throws FieldsealError CONFIG_INVALID for a port that nobody gives a profile, or a name that two sources have
 */
export function joinInputs(
  config: Pick<DaemonConfig, 'ports' | 'cameras'>,
  preset: Pick<PresetData, 'ports' | 'cameras'> = { ports: [], cameras: [] },
): Inputs {
  const ports = joinBySource<Omit<PortConfig, 'profile'> & { profile?: string }>(preset.ports, config.ports).map(
    withProfile,
  );
  const cameras = joinBySource(preset.cameras, config.cameras);
  const taken = new Set(ports.map(({ source }) => source));
  for (const { source } of cameras) {
    if (taken.has(source)) throw refuse(`cameras: ${source}`, 'is the name of another source of the preset');
  }
  return { ports, cameras };
}

function joinBySource<T extends { readonly source: string }>(preset: readonly T[], own: readonly T[]): T[] {
  const named = new Map(own.map((entry) => [entry.source, entry]));
  const known = new Set(preset.map(({ source }) => source));
  return [
    ...preset.map((entry) => ({ ...entry, ...named.get(entry.source) })),
    ...own.filter(({ source }) => !known.has(source)),
  ];
}

function withProfile<P extends { readonly source: string; readonly profile?: string | undefined }>(
  port: P,
): P & { readonly profile: string } {
  const { profile } = port;
  if (profile === undefined) throw refuse(`ports: ${port.source}`, 'has no profile, and the preset has no such source');
  return { ...port, profile };
}

const refuse = (place: string, detail: string): FieldsealError =>
  new FieldsealError('CONFIG_INVALID', { detail, place });
