import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FieldsealError } from '../../daemon/errors.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { mqttConfig, Running, recordingLog } from './support.ts';

describe('TLS to mosquitto', () => {
  let ours: Certificates;
  let theirs: Certificates;
  let broker: Mosquitto;

  beforeAll(async () => {
    ours = makeCertificates();
    theirs = makeCertificates();
    broker = await Mosquitto.start({ tls: ours });
    writeFileSync(join(broker.folder, 'nonsense.pem'), 'not a certificate\n');
  });
  afterAll(async () => {
    await broker.dispose();
    ours.remove();
    theirs.remove();
  });

  const config = (tls: object, url = broker.url) => mqttConfig(url, { tls });

  it.each([
    ['by its address', {}],
    ['by its server name', { serverName: 'broker.test' }],
  ])('with the right authority and a client certificate connects %s', async (_, more) => {
    const one = await Running.connected(config({ ca: ours.ca, ...ours.client, ...more }));
    await one.connection.publish('a', 'hello');
    await one.stop();
  });

  it.each<[string, () => object, RegExp]>([
    ['a server of another authority', () => ({ ca: theirs.ca, ...ours.client }), /certificate/],
    ['an authority that the system does not know', () => ({ ...ours.client }), /certificate/],
    ['another server name', () => ({ ca: ours.ca, ...ours.client, serverName: 'other.test' }), /other\.test/],
    ['a client certificate of another authority', () => ({ ca: ours.ca, ...theirs.client }), /alert|certificate/],
    ['no client certificate', () => ({ ca: ours.ca }), /certificate required/],
    ['an authority file that is no certificate', () => nonsense({ ca: true }), /PEM|certificate/i],
    ['a client certificate that is none', () => ({ ca: ours.ca, key: ours.client.key, ...nonsense({}) }), /PEM/],
  ])('%s is one line that names TLS', async (_, tls, detail) => {
    const { log, lines } = recordingLog();
    const one = new Running(config(tls()), { log });
    const [error]: FieldsealError[] = await once(one.connection, 'failed');
    await once(one.connection, 'failed');
    await one.stop();
    expect(error).toMatchObject({ code: 'BROKER_TLS', place: 'mqtt.tls' });
    expect(error?.message).toMatch(detail);
    expect(lines).toHaveLength(1);
  });

  it('a certificate file that is not there ends it at the start', async () => {
    const one = new Running(config({ ca: join(broker.folder, 'none.pem') }));
    await expect(one.ended).rejects.toMatchObject({ code: 'FILE_NOT_READABLE', place: 'mqtt.tls.ca' });
  });

  it('a broker that speaks no TLS is told apart from one that is not there', async () => {
    const plain = await Mosquitto.start();
    const one = new Running(config({ ca: ours.ca }, plain.url.replace('mqtt:', 'mqtts:')));
    const [error]: FieldsealError[] = await once(one.connection, 'failed');
    await one.stop();
    await plain.dispose();
    expect(error?.code).toMatch(/BROKER_TLS|BROKER_UNREACHABLE/);
    expect(error?.message).not.toContain('ECONNREFUSED');
  });

  const nonsense = ({ ca }: { ca?: boolean }) => {
    const path = join(broker.folder, 'nonsense.pem');
    return ca === true ? { ca: path, ...ours.client } : { cert: path };
  };
});
