import { z } from 'zod';
import { duration } from './units.ts';

const path = z.string().min(1);

/** How to reach the broker: the same section serves the daemon and the verifier. */
export const mqttSchema = z
  .strictObject({
    /** mqtt:// or mqtts://, ws:// or wss:// */
    url: z.string().regex(/^(mqtts?|wss?):\/\/\S+$/, 'is not a URL of the form mqtt://host:port or mqtts://host:port'),
    /** auto: MQTT 5, and 3.1.1 where the broker refuses it. */
    version: z.enum(['auto', '5', '3.1.1']).default('auto'),
    clientId: z.string().min(1).max(64).optional(),
    username: z.string().min(1).optional(),
    /** The password is read from this file; it never stands in the configuration. */
    passwordFile: path.optional(),
    tls: z
      .strictObject({
        ca: path.optional(),
        cert: path.optional(),
        key: path.optional(),
        serverName: z.string().min(1).optional(),
      })
      .prefault({}),
    /** First levels of every topic. */
    prefix: z
      .string()
      .regex(/^[^#+/\s]+(\/[^#+/\s]+)*$/, 'is not a topic prefix such as "fieldseal/1"')
      .default('fieldseal/1'),
    qos: z.literal([0, 1, 2]).default(1),
    keepalive: duration({ min: '5s', max: '18h' }).prefault('60s'),
    connectTimeout: duration({ min: '1s', max: '5m' }).prefault('30s'),
    /** Reconnect after a random time of up to `min`, doubling to `max`. */
    reconnect: z
      .strictObject({ min: duration({ min: '10ms' }).prefault('1s'), max: duration({ min: '10ms' }).prefault('2m') })
      .prefault({}),
  })
  .refine((mqtt) => mqtt.passwordFile === undefined || mqtt.username !== undefined, {
    path: ['passwordFile'],
    message: 'needs username beside it',
  })
  .refine((mqtt) => (mqtt.tls.cert === undefined) === (mqtt.tls.key === undefined), {
    path: ['tls'],
    message: 'needs both cert and key for a client certificate, or neither',
  });

export type MqttConfig = z.output<typeof mqttSchema>;
