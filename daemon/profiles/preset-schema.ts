import { z } from 'zod';
import { cameraSchema } from '../config/camera.ts';
import { PRESET_FAMILY } from './folders.ts';
import { fileJsonSchema } from './json-schema.ts';

const sourceName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not a name of up to 32 small letters, digits and hyphens')
  .refine((name) => name !== 'host', 'is the name of the gateway itself')
  .describe('The name that its readings carry');

const portSchema = z.strictObject({
  source: sourceName,
  path: z
    .string()
    .min(1)
    .describe(
      'Where it mostly is: auto, /dev/..., tcp://HOST:PORT, udp://[HOST]:PORT; a configuration may say otherwise',
    ),
  profile: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/, 'is not the id of a device profile')
    .describe('The id of its device profile'),
});

/** Absolute, because a preset does not know where the configuration stands. */
const cameraOfPreset = cameraSchema
  .omit({ state: true })
  .extend({ folder: z.string().regex(/^\//, 'is not an absolute path').describe('The folder it writes to') });

const presetObject = z.strictObject({
  id: z
    .string()
    .regex(new RegExp(`^${PRESET_FAMILY}/[a-z0-9]+(-[a-z0-9]+)*$`), `is not ${PRESET_FAMILY}/NAME in small letters`)
    .describe('The path of the file below device-profiles, without its ending'),
  title: z.string().min(1).max(80).describe('What people call such a gateway'),
  ports: z.array(portSchema).min(1).describe('What it reads'),
  cameras: z.array(cameraOfPreset).max(16).default([]).describe('Folders into which its cameras write'),
});

/** A gateway preset: data that says which devices such a gateway reads. No conditionals, imports or expressions. */
export const presetSchema = presetObject.superRefine(({ ports, cameras }, context) => {
  const taken = new Set<string>();
  const claim = (list: 'ports' | 'cameras', index: number, source: string): void => {
    if (taken.has(source)) {
      context.addIssue({ code: 'custom', path: [list, index, 'source'], message: 'is the name of another source' });
    }
    taken.add(source);
  };
  for (const [index, { source }] of ports.entries()) claim('ports', index, source);
  for (const [index, { source }] of cameras.entries()) claim('cameras', index, source);
});

export type PresetData = z.output<typeof presetSchema>;

/** The JSON Schema of a preset file, for editors: device-profiles/preset-schema.json. */
export function presetJsonSchema(): object {
  return fileJsonSchema('Fieldseal gateway preset', presetObject);
}
