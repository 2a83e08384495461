import { z } from 'zod';
import { MODEM_DIALECTS } from './at-modem.ts';

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

const duration = z
  .string()
  .regex(/^\d+(ms|s|m|h)$/, 'is not a duration such as 500ms, 10s or 2m')
  .transform((text) => Number.parseInt(text, 10) * (MS[text.replace(/^\d+/, '')] ?? 1))
  .refine((ms) => ms >= 10, 'is below 10ms');

const line = {
  baudRate: z.int().min(300).max(4_000_000).exactOptional().describe("The line's speed; left out, that of the model"),
  faults: z.string().min(1).exactOptional().describe('As --faults has them'),
};

const position = z.strictObject({ lat: z.number().min(-85).max(85), lon: z.number().min(-180).max(180) });

const receiver = {
  ...line,
  rate: z.number().min(0.1).max(50).default(1).describe('Epochs a second'),
  drive: z
    .strictObject({
      line: z
        .union([z.string().min(1), z.looseObject({ type: z.string() })])
        .exactOptional()
        .describe('A GeoJSON LineString, or the path of a file with one; left out, a drive through a town'),
      speed: z.number().min(1).max(100).default(13.9).describe('m/s on the straight'),
      noise: z.number().min(0).max(100).default(0.8).describe('How far the position wanders, m'),
    })
    .prefault({}),
};

const air = {
  nodes: z.int().min(1).max(10_000).default(5).describe('LoRa nodes within reach'),
  interval: duration.prefault('30s').describe('How often each of them sends'),
  spoilt: z.number().min(0).max(1).default(0.02).describe('Share of packets with a bad checksum'),
};

const deviceSchema = z.discriminatedUnion('model', [
  z.strictObject({ model: z.literal('nmea'), ...receiver }),
  z.strictObject({ model: z.literal('ublox'), ...receiver }),
  z.strictObject({ model: z.literal('dashcam'), ...receiver }),
  z.strictObject({ model: z.literal('wio-e5'), ...line, ...air }),
  z.strictObject({ model: z.literal('rn2483'), ...line, ...air }),
  z.strictObject({ model: z.literal('rak3172'), ...line, ...air }),
  z.strictObject({
    model: z.literal('packet-forwarder'),
    ...air,
    to: z
      .string()
      .regex(/^(\[[0-9a-f:]+\]|[a-zA-Z0-9.-]+):\d{1,5}$/, 'is not HOST:PORT')
      .default('127.0.0.1:1700')
      .describe('Where the gateway listens'),
    deaf: z.boolean().default(false).describe('Never answers a PULL_RESP'),
  }),
  z.strictObject({
    model: z.literal('beast'),
    ...line,
    aircraft: z.int().min(1).max(500).default(3),
    station: position.prefault({ lat: 47.4582, lon: 8.5555 }),
  }),
  z.strictObject({
    model: z.literal('at-modem'),
    ...line,
    dialect: z.enum(MODEM_DIALECTS).default('generic'),
    cell: duration.prefault('20s').describe('How long it stays in a cell'),
  }),
  z.strictObject({
    model: z.literal('recording'),
    ...line,
    file: z.string().min(1).describe('A file of `fieldseal capture`, or plain bytes'),
    speed: z.number().min(0.01).max(1_000).default(1),
  }),
]);

/** Virtual devices that run side by side (docs/simulator.md). */
export const scenarioSchema = z.strictObject({
  start: z.iso
    .datetime({ offset: true })
    .exactOptional()
    .describe('What time it is in the scenario when it begins; left out, now'),
  seed: z.int().min(0).default(1).describe('The same seed gives the same drive, the same sky and the same faults'),
  devices: z
    .record(z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is not a name in small letters'), deviceSchema)
    .refine((devices) => Object.keys(devices).length > 0, 'names no device'),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioDevice = Scenario['devices'][string];
export type ModelName = ScenarioDevice['model'];

/** The JSON Schema of a scenario file, for editors. */
export const scenarioJsonSchema = (): object => ({
  title: 'Fieldseal scenario',
  ...z.toJSONSchema(scenarioSchema, { io: 'input', unrepresentable: 'any' }),
});
