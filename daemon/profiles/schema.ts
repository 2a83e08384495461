import { z } from 'zod';
import { cameraFolderSchema, duration } from '../config/index.ts';
import { findProtocol, PROTOCOLS } from '../protocols/index.ts';
import { KIND_NAMES, type KindName, kindSpec } from '../readings/index.ts';
import { configureSchema } from './configure.ts';
import { fileJsonSchema } from './json-schema.ts';
import { resolveSettings, settingsJsonSchema } from './settings.ts';

const kindName = z.enum(KIND_NAMES as [KindName, ...KindName[]]);

const silence = duration({ min: '100ms', max: '1h' })
  .prefault('10s')
  .describe('Without a valid frame for so long, the port counts as stalled');

const usbId = z
  .string()
  .regex(/^[0-9a-fA-F]{4}$/, 'is not four hexadecimal digits')
  .describe('Four hexadecimal digits, in quotes');

const serialSchema = z
  .strictObject({
    baudRates: z.array(z.int().min(300).max(4_000_000)).min(1).describe('Tried in this order until valid frames come'),
    silence,
    match: z
      .strictObject({
        usb: z.strictObject({
          vendorId: usbId,
          productId: usbId,
          serialNumber: z.string().min(1).exactOptional().describe('Where several devices have the same ids'),
        }),
      })
      .exactOptional()
      .describe('How to find the device where the configuration says `path: auto`'),
  })
  .describe('How to open a serial port');

const networkSchema = z.strictObject({ silence }).describe('The device is reached over the network: tcp:// or udp://');

const boundsSchema = z
  .strictObject({ min: z.number().exactOptional(), max: z.number().exactOptional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'has neither min nor max')
  .refine(({ min = -Infinity, max = Infinity }) => min <= max, 'has a min above its max');

/** A camera is no port: it speaks no protocol, its folder is watched. */
const CAMERA = { protocol: 'camera-folder', kinds: ['camera.frame'] } as const;

const protocolNames: readonly [string, ...string[]] = [CAMERA.protocol, ...Object.keys(PROTOCOLS)];

/** The kinds of readings that a profile's protocol can yield. */
export const kindsOf = (protocol: string): readonly KindName[] =>
  protocol === CAMERA.protocol ? CAMERA.kinds : (findProtocol(protocol)?.kinds ?? []);

const profileObject = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/, 'is not family/device in small letters')
    .describe('The path of the file below device-profiles, without its ending'),
  title: z.string().min(1).max(80).describe('What people call the device'),
  protocol: z.enum(protocolNames).describe('What the device speaks'),
  serial: serialSchema.exactOptional(),
  network: networkSchema.exactOptional(),
  folder: cameraFolderSchema.exactOptional().describe('How the folder of a camera is watched'),
  settings: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .prefault({})
    .describe('What the protocol has to know of this device'),
  configure: configureSchema.exactOptional(),
  readings: z
    .partialRecord(
      kindName,
      z.strictObject({
        every: duration({ max: '1d' }).prefault('0s').describe('Keep at most one in so long; 0s keeps each'),
      }),
    )
    .refine((kinds) => Object.keys(kinds).length > 0, 'names no kind')
    .describe('Which kinds of readings are kept, and how often'),
  plausible: z
    .partialRecord(kindName, z.record(z.string(), boundsSchema))
    .prefault({})
    .describe(
      'Bounds of values in their JSON units, tighter than those of the kind: what lies outside is kept and counted',
    ),
});

/** A device profile: data that says how to read one model of device. No conditionals, imports or expressions. */
export const profileSchema = profileObject.transform((profile, context) => {
  const fault = (path: (string | number)[], message: string): void => {
    context.addIssue({ code: 'custom', path, message });
  };
  if (profile.protocol === CAMERA.protocol) {
    if (profile.folder === undefined) fault(['folder'], 'is missing: it says how the folder is watched');
    for (const part of ['serial', 'network'] as const) {
      if (profile[part] !== undefined) fault([part], 'is for a port, which a camera is not');
    }
  } else {
    if (profile.folder !== undefined) fault(['folder'], `is for the protocol ${CAMERA.protocol} alone`);
    if (profile.serial === undefined && profile.network === undefined) {
      fault([], 'neither serial nor network: one of them says how the device is reached');
    }
  }
  for (const [kind, fields] of Object.entries(profile.plausible)) {
    for (const name of Object.keys(fields)) {
      const spec = kindSpec(kindName.parse(kind)).fields;
      const field = Object.hasOwn(spec, name) ? spec[name] : undefined;
      if (field?.type !== 'int') fault(['plausible', kind, name], `${kind} has no number ${JSON.stringify(name)}`);
    }
  }
  const protocol = findProtocol(profile.protocol);
  if (profile.configure !== undefined) {
    const problems = protocol?.checkConfiguration?.(profile.configure);
    if (problems === undefined) fault(['configure'], `nothing can be configured by the protocol ${profile.protocol}`);
    for (const problem of problems ?? []) fault(['configure'], problem);
  }
  const { values, faults } = resolveSettings(protocol?.settings ?? {}, profile.settings);
  for (const { name, detail } of faults) fault(['settings', name], detail);
  return { ...profile, settings: values };
});

export type ProfileData = z.output<typeof profileSchema>;

/** The JSON Schema of a profile file, for editors: device-profiles/schema.json. */
export function profileJsonSchema(): object {
  return {
    ...fileJsonSchema('Fieldseal device profile', profileObject),
    anyOf: [{ required: ['serial'] }, { required: ['network'] }, { required: ['folder'] }],
    oneOf: protocolNames.map((name) => ({
      properties: {
        protocol: { const: name },
        readings: { propertyNames: { enum: kindsOf(name) } },
        settings: settingsJsonSchema(findProtocol(name)?.settings ?? {}),
      },
    })),
  };
}
