import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkBroker } from '../../daemon/doctor/checks/broker.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { Mosquitto, type MosquittoOptions } from '../support/mosquitto.ts';
import { linesOf, patientOf } from './patient.ts';

const KID = 'k'.repeat(43);
const RECEIPTS = `fieldseal/1/${KID}/receipt`;

describe('the way to the broker', () => {
  let folder: DaemonFolder;
  let broker: Mosquitto | undefined;
  let certificates: Certificates;
  beforeAll(() => {
    certificates = makeCertificates();
  });
  afterAll(() => certificates.remove());
  beforeEach(async () => {
    folder = await DaemonFolder.make();
    mkdirSync(folder.path('outbox'));
    folder.write('outbox/identity', KID);
    folder.write('password', 'secret-word');
  });
  afterEach(async () => {
    await broker?.dispose();
    broker = undefined;
    folder.remove();
  });

  const examined = async (mqtt: object) => {
    const findings = await checkBroker(await patientOf(folder.configure({ mqtt })));
    expect(JSON.stringify(findings)).not.toContain('secret-word');
    return linesOf(findings);
  };
  const start = async (options: MosquittoOptions = {}) => {
    broker = await Mosquitto.start(options);
    return broker.url;
  };
  const ALICE = { username: 'alice', passwordFile: 'password' };

  it('is free where the broker takes us and grants our receipts', async () => {
    const acl = `user alice\ntopic read ${RECEIPTS}\n`;
    const url = await start({ users: { alice: 'secret-word' }, acl });
    expect(await examined({ url, ...ALICE })).toEqual([
      expect.stringMatching(/^ok broker: 127\.0\.0\.1 port \d+ answers in \d+ ms$/),
      'ok broker: logged in as alice, MQTT 5',
      "ok broker: grants the subscription to this device's receipts",
    ]);
  });

  it('ends at a wrong password', async () => {
    const url = await start({ users: { alice: 'another' } });
    expect((await examined({ url, ...ALICE })).at(-1)).toMatch(/^fail broker: BROKER_REFUSED.*not authorised|bad user/);
  });

  it('ends where nobody listens, or no name is known', async () => {
    expect(await examined({ url: 'mqtt://127.0.0.1:9' })).toEqual([
      expect.stringMatching(/^fail broker: 127\.0\.0\.1 port 9 cannot be reached: .*ECONNREFUSED/),
    ]);
    expect(await examined({ url: 'mqtt://nowhere.invalid' })).toEqual([
      expect.stringMatching(/^fail broker: the name nowhere\.invalid cannot be resolved/),
    ]);
  });

  it('ends at a password file that is not there', async () => {
    const lines = await examined({ url: 'mqtt://127.0.0.1:9', username: 'alice', passwordFile: 'gone' });
    expect(lines).toEqual([expect.stringMatching(/^fail broker: FILE_NOT_READABLE mqtt\.passwordFile/)]);
  });

  it('tells of certificates that end soon', async () => {
    const url = await start({ tls: certificates });
    const tls = { ca: certificates.ca, cert: certificates.client.cert, key: certificates.client.key };
    const lines = await examined({ url, tls });
    expect(lines).toContainEqual(expect.stringMatching(/^warn broker: our own certificate expires in 1 days/));
    expect(lines).toContainEqual(expect.stringMatching(/^warn broker: the certificate of .* expires in 1 days/));
    expect(lines).toContainEqual('ok broker: logged in without a user name, MQTT 5');
  });

  it('ends at a certificate that nobody trusts', async () => {
    const url = await start({ tls: certificates });
    const lines = await examined({ url });
    expect(lines.at(-1)).toMatch(/^fail broker: its certificate is not trusted: [A-Z_]+$/);
  });

  it('tells of a broker whose messages are too small for a proof', async () => {
    const url = await start({ config: ['max_packet_size 50000'] });
    expect(await examined({ url })).toContain('warn broker: takes messages of 50000 bytes at most');
  });

  it('ends where the broker says nothing, and leaves no connection behind', async () => {
    const mute = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as { port: number };
    const lines = await examined({ url: `mqtt://127.0.0.1:${port}`, connectTimeout: '1s' });
    expect(lines.at(-1)).toMatch(/^fail broker: BROKER_UNREACHABLE/);
    await new Promise((resolve) => mute.close(resolve));
  });
});
