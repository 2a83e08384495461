import { z } from 'zod';
import { duration } from '../config/index.ts';
import { PROTOCOLS } from '../protocols/index.ts';
import { KIND_NAMES, type KindName } from '../readings/index.ts';

const kindName = z.enum(KIND_NAMES as [KindName, ...KindName[]]);

/** A device profile: data that says how to read one model of device. No conditionals, imports or expressions. */
export const profileSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/, 'is not family/device in small letters')
    .describe('The path of the file below device-profiles, without its ending'),
  title: z.string().min(1).max(80).describe('What people call the device'),
  protocol: z.enum(Object.keys(PROTOCOLS) as [string, ...string[]]).describe('What the device speaks'),
  serial: z
    .strictObject({
      baudRates: z
        .array(z.int().min(300).max(4_000_000))
        .min(1)
        .describe('Tried in this order until valid frames come'),
      silence: duration({ min: '100ms', max: '1h' })
        .prefault('10s')
        .describe('Without a valid frame for so long, the port counts as stalled'),
    })
    .describe('How to open the port'),
  readings: z
    .partialRecord(
      kindName,
      z.strictObject({
        every: duration({ max: '1d' }).prefault('0s').describe('Keep at most one in so long; 0s keeps each'),
      }),
    )
    .refine((kinds) => Object.keys(kinds).length > 0, 'names no kind')
    .describe('Which kinds of readings are kept, and how often'),
});

export type ProfileData = z.output<typeof profileSchema>;

/** The JSON Schema of a profile file, for editors: device-profiles/schema.json. */
export function profileJsonSchema(): object {
  const override = ({
    zodSchema,
    jsonSchema,
  }: {
    zodSchema: z.core.$ZodTypes;
    jsonSchema: Record<string, unknown>;
  }) => {
    if (zodSchema._zod.def.type === 'unknown') Object.assign(jsonSchema, { type: 'string' });
  };
  return {
    title: 'Fieldseal device profile',
    ...z.toJSONSchema(profileSchema, { io: 'input', unrepresentable: 'any', override }),
  };
}
