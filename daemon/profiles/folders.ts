import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { parseYaml } from '../config/index.ts';
import { FieldsealError, reasonOf } from '../errors.ts';

/** The folder of the profiles and presets that come with Fieldseal. */
export const SHIPPED_PROFILES = fileURLToPath(new URL('../../device-profiles', import.meta.url));

/** The family whose files are presets of whole gateways; those of all others are profiles of devices. */
export const PRESET_FAMILY = 'gateways';

const ENDING = '.yaml';

/** Whether an id, which is a path below a folder of profiles, is that of a preset. */
export const isPresetId = (id: string): boolean => id.startsWith(`${PRESET_FAMILY}/`);

/** Files by id: their path below the folders, without the ending. The first folder that has an id wins. */
export async function listFiles(folders: readonly string[]): Promise<Map<string, string>> {
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
 * Reads a YAML file and holds it against a schema.
 *
 * @param id what its `id` has to be; left out, any
 * @throws FieldsealError PROFILE_INVALID or FILE_NOT_READABLE
 */
export async function readChecked<S extends z.ZodType<{ readonly id: string }>>(
  file: string,
  schema: S,
  id?: string,
): Promise<{ readonly value: z.output<S>; readonly bytes: Uint8Array }> {
  const bytes = await readBytes(file);
  const parsed = parseYaml(bytes.toString('utf8'), file, schema);
  if ('faults' in parsed) {
    const { kind, place, detail } = parsed.faults[0] ?? { place: file, detail: 'refused' };
    throw invalidProfile(place, kind === 'unknown-key' ? `unknown key ${detail}` : detail);
  }
  const { value } = parsed;
  if (id !== undefined && value.id !== id) {
    const stands = `is ${JSON.stringify(value.id)}, but the file stands where ${JSON.stringify(id)} is`;
    throw invalidProfile(`${file} id`, stands);
  }
  return { value, bytes };
}

export const invalidProfile = (place: string, detail: string): FieldsealError =>
  new FieldsealError('PROFILE_INVALID', { detail, place });

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
