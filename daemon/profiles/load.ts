import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseYaml } from '../config/index.ts';
import { FieldsealError, reasonOf } from '../errors.ts';
import { findProtocol } from '../protocols/index.ts';
import { type ProfileData, profileSchema } from './schema.ts';

/** A validated device profile. */
export interface DeviceProfile extends ProfileData {
  /** SHA-256 of the file: proofs name it, so that a verifier knows by which rules a device was read. */
  readonly digest: Uint8Array;
  readonly file: string;
}

/** The folder of the profiles that come with Fieldseal. */
export const SHIPPED_PROFILES = fileURLToPath(new URL('../../device-profiles', import.meta.url));

const ENDING = '.yaml';

/** The ids of all profiles below the folders; the first folder that has an id wins. */
export async function listProfiles(folders: readonly string[]): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const folder of folders) {
    for (const file of await yamlFilesBelow(folder)) {
      const id = relative(folder, file).slice(0, -ENDING.length).split(sep).join('/');
      if (!files.has(id)) files.set(id, file);
    }
  }
  return new Map([...files].sort(([a], [b]) => a.localeCompare(b)));
}

/**
 * Loads the profile of an id.
 *
 * @throws FieldsealError PROFILE_NOT_FOUND, PROFILE_INVALID or FILE_NOT_READABLE
 */
export async function loadProfile(id: string, folders: readonly string[]): Promise<DeviceProfile> {
  const file = (await listProfiles(folders)).get(id);
  if (file === undefined) throw new FieldsealError('PROFILE_NOT_FOUND', { detail: JSON.stringify(id) });
  return readProfile(file, id);
}

/**
 * Reads and validates one profile file.
 *
 * @param id what its `id` has to be; left out, any
 * @throws FieldsealError PROFILE_INVALID or FILE_NOT_READABLE
 */
export async function readProfile(file: string, id?: string): Promise<DeviceProfile> {
  const bytes = await readBytes(file);
  const parsed = parseYaml(bytes.toString('utf8'), file, profileSchema);
  if ('faults' in parsed) {
    const { kind, place, detail } = parsed.faults[0] ?? { place: file, detail: 'refused' };
    throw invalid(place, kind === 'unknown-key' ? `unknown key ${detail}` : detail);
  }
  const profile = parsed.value;
  if (id !== undefined && profile.id !== id) {
    throw invalid(`${file} id`, `is ${JSON.stringify(profile.id)}, but the file stands where ${JSON.stringify(id)} is`);
  }
  const kinds = findProtocol(profile.protocol)?.kinds ?? [];
  for (const kind of Object.keys(profile.readings)) {
    if (!kinds.some((known) => known === kind)) {
      throw invalid(`${file} readings`, `${kind} is no reading of the protocol ${profile.protocol}`);
    }
  }
  return { ...profile, file, digest: createHash('sha256').update(bytes).digest() };
}

async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: file, cause });
  }
}

async function yamlFilesBelow(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && entry.name.endsWith(ENDING))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (cause) {
    throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: folder, cause });
  }
}

const invalid = (place: string, detail: string): FieldsealError =>
  new FieldsealError('PROFILE_INVALID', { detail, place });
