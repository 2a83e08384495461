import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Site } from '../support/site.ts';
import { Wiretap } from '../support/wiretap.ts';
import { expectIdenticalBytes, expectUnbroken } from './unbroken.ts';

const ACCESS = `
user gateway
topic write fieldseal/1/+/proof
topic write fieldseal/1/+/status
topic read fieldseal/1/+/receipt
topic read fieldseal/1/+/challenge

user verifier
topic read fieldseal/1/+/proof
topic write fieldseal/1/+/receipt
topic write fieldseal/1/+/challenge

user auditor
topic read #
`;
const USERS = { gateway: 'correct horse', verifier: 'battery staple', auditor: 'well read' };

let certificates: Certificates;
let broker: Mosquitto;
let site: Site;
let tap: Wiretap;

beforeEach(async () => {
  certificates = makeCertificates();
  broker = await Mosquitto.start({ tls: certificates, users: USERS, acl: ACCESS });
  const password = (user: keyof typeof USERS) => {
    const file = join(broker.folder, `${user}-password`);
    writeFileSync(file, `${USERS[user]}\n`, { mode: 0o600 });
    return file;
  };
  const { ca, client } = certificates;
  site = await Site.make({
    brokerUrl: broker.url,
    mqtt: { tls: { ca, ...client, serverName: 'broker.test' }, username: 'gateway', passwordFile: password('gateway') },
    verifierMqtt: { username: 'verifier', passwordFile: password('verifier') },
  });
  tap = await Wiretap.start(broker.url, {
    username: 'auditor',
    password: USERS.auditor,
    tls: { ca, ...client },
  });
});

afterEach(async () => {
  await tap?.stop();
  await site?.dispose();
  await broker?.dispose();
  certificates?.remove();
});

it('TLS with client certificates, passwords and an access list: proofs are accepted, nobody may do more than it needs', async () => {
  const verifier = await site.startVerifier();
  const daemon = await site.startDaemon();
  await site.ledger.accepted(4);
  await site.silence();
  await site.spool.empty();
  expect(await daemon.stop()).toBe(0);
  await site.ledger.accepted(site.spool.sealed().length);
  expect(await verifier.stop()).toBe(0);
  const proofs = expectUnbroken(site);
  expect(expectIdenticalBytes(tap)).toHaveLength(proofs.length);
  const warnings = [...daemon.lines, ...verifier.lines].filter(({ level, room }) => level > 30 && room !== 'serial');
  expect(warnings).toEqual([]);
});
