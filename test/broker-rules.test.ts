import { readFileSync } from 'node:fs';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Mosquitto } from './support/mosquitto.ts';

const page = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
const rules = /```\n# acl_file\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
const DEVICE = 'a'.repeat(43);
const OTHER = 'b'.repeat(43);

let broker: Mosquitto;
const clients: MqttClient[] = [];
beforeAll(async () => {
  broker = await Mosquitto.start({ users: { [DEVICE]: 'x', verifier: 'x' }, acl: rules });
});
afterAll(async () => {
  for (const client of clients) await client.endAsync(true);
  await broker.dispose();
});

async function login(username: string): Promise<MqttClient> {
  const client = await connectAsync(broker.url, { protocolVersion: 5, username, password: 'x', reconnectPeriod: 0 });
  clients.push(client);
  return client;
}

/** The broker's answer: granted, or the reason code of MQTT 5. */
const asked = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'granted',
    () => 'refused',
  );

describe('the access rules that docs/operations.md gives for mosquitto', () => {
  it.each<[string, string, string, string]>([
    ['a device writes its proofs', DEVICE, `${DEVICE}/proof`, 'granted'],
    ['a device writes its status', DEVICE, `${DEVICE}/status`, 'granted'],
    ['a device writes receipts to itself', DEVICE, `${DEVICE}/receipt`, 'refused'],
    ['a device writes proofs of another', DEVICE, `${OTHER}/proof`, 'refused'],
    ['a device writes the status of another', DEVICE, `${OTHER}/status`, 'refused'],
    ['the verifier writes receipts', 'verifier', `${DEVICE}/receipt`, 'granted'],
    ['the verifier writes challenges', 'verifier', `${DEVICE}/challenge`, 'granted'],
    ['the verifier writes proofs', 'verifier', `${DEVICE}/proof`, 'refused'],
  ])('%s', async (_, user, topic, expected) => {
    const client = await login(user);
    expect(await asked(client.publishAsync(`fieldseal/1/${topic}`, 'x', { qos: 1 }))).toBe(expected);
  });

  it('a device hears its own receipts and challenges, and nothing of another', async () => {
    const device = await login(DEVICE);
    const verifier = await login('verifier');
    const heard: string[] = [];
    const last = new Promise<void>((resolve) => {
      device.on('message', (topic) => {
        heard.push(topic);
        if (topic.endsWith('challenge')) resolve();
      });
    });
    for (const topic of [`${DEVICE}/receipt`, `${DEVICE}/challenge`, `${OTHER}/receipt`, '+/receipt', '#']) {
      await asked(device.subscribeAsync(`fieldseal/1/${topic}`, { qos: 1 }));
    }
    for (const topic of [`${OTHER}/receipt`, `${DEVICE}/receipt`, `${DEVICE}/challenge`]) {
      await verifier.publishAsync(`fieldseal/1/${topic}`, 'x', { qos: 1 });
    }
    await last;
    expect([...new Set(heard)]).toEqual([`fieldseal/1/${DEVICE}/receipt`, `fieldseal/1/${DEVICE}/challenge`]);
  });

  it('the verifier hears the proofs of every device', async () => {
    const verifier = await login('verifier');
    const heard = new Promise<string>((resolve) => verifier.on('message', resolve));
    expect(await asked(verifier.subscribeAsync('fieldseal/1/+/proof', { qos: 1 }))).toBe('granted');
    await (await login(DEVICE)).publishAsync(`fieldseal/1/${DEVICE}/proof`, 'x', { qos: 1 });
    expect(await heard).toBe(`fieldseal/1/${DEVICE}/proof`);
  });
});
