import { createHash } from 'node:crypto';
import { FieldsealError } from '../errors.ts';
import { invalidProfile, isPresetId, listFiles, readChecked } from './folders.ts';
import { kindsOf, type ProfileData, profileSchema } from './schema.ts';

/** A validated device profile. */
export interface DeviceProfile extends ProfileData {
  /** SHA-256 of the file: proofs name it, so that a verifier knows by which rules a device was read. */
  readonly digest: Uint8Array;
  readonly file: string;
}

/** The files of all device profiles below the folders, by id; the first folder that has an id wins. */
export async function listProfiles(folders: readonly string[]): Promise<Map<string, string>> {
  return new Map([...(await listFiles(folders))].filter(([id]) => !isPresetId(id)));
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
  const { value: profile, bytes } = await readChecked(file, profileSchema, id);
  const kinds = kindsOf(profile.protocol);
  for (const kind of Object.keys(profile.readings)) {
    if (!kinds.some((known) => known === kind)) {
      throw invalidProfile(`${file} readings`, `${kind} is no reading of the protocol ${profile.protocol}`);
    }
  }
  return { ...profile, file, digest: createHash('sha256').update(bytes).digest() };
}
