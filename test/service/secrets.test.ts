import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createKey } from '../../daemon/signing/index.ts';
import { type Certificates, makeCertificates } from '../support/certificates.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { freePort, Mosquitto } from '../support/mosquitto.ts';
import { NotifySocket } from '../support/notify-socket.ts';
import { type Environment, ServiceProcess } from '../support/program.ts';
import { createSoftToken, type SoftToken } from '../support/soft-token.ts';

const PASSWORD = 'heliotrope-4-password';
const WRONG = 'heliotrope-4-guess';

let token: SoftToken;
let certificates: Certificates;
let broker: Mosquitto;
let site: DaemonFolder;
let systemd: NotifySocket;
let service: ServiceProcess | undefined;
beforeAll(async () => {
  token = await createSoftToken();
  certificates = makeCertificates();
  broker = await Mosquitto.start({ tls: certificates, users: { gateway: PASSWORD } });
  site = await DaemonFolder.make();
  systemd = await NotifySocket.bind(site.path('notify'));
  await createKey(token.uri, 'ES256K');
});
afterEach(async () => {
  if (service?.hasEnded === false) await service.kill();
});
afterAll(async () => {
  systemd.close();
  await broker.dispose();
  certificates.remove();
  site.remove();
  await token.remove();
});

/** What no log, status or answer may hold. */
function secrets(): string[] {
  const pin = readFileSync(/pin-source=file:([^&]+)/.exec(token.uri)?.[1] ?? '', 'utf8').trim();
  const pem = readFileSync(certificates.client.key, 'utf8').split('\n')[1] ?? '';
  const { d } = JSON.parse(readFileSync(site.path('device.key'), 'utf8'));
  for (const one of [pin, pem, d])
    if (typeof one !== 'string' || one.length < 4) throw new Error('a secret is missing');
  return [pin, pem, d, PASSWORD, WRONG];
}

/** Runs the daemon until it has done what is told by a phrase, and gives all that it said to anybody. */
async function saidBy(sections: object, until: string, env: Environment = {}): Promise<string> {
  const port = await freePort();
  const config = site.configure({
    ...{ log: { level: 'debug' }, health: { interval: '200ms', listen: `127.0.0.1:${port}` } },
    mqtt: {
      ...{ url: broker.url, username: 'gateway', passwordFile: site.write('password', `${PASSWORD}\n`) },
      tls: { ca: certificates.ca, cert: certificates.client.cert, key: certificates.client.key },
    },
    ...sections,
  });
  const running = new ServiceProcess(['run', '--config', config], {
    env: { NOTIFY_SOCKET: systemd.path, SOFTHSM2_CONF: token.env.SOFTHSM2_CONF, ...env },
  });
  service = running;
  await running.logged(until);
  running.signal('SIGHUP');
  await running.logged('configuration reloaded');
  const answers = await Promise.all(
    ['/', '/metrics', '/status.json', '/healthz'].map(async (path) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).text(),
    ),
  );
  await running.stop();
  return [JSON.stringify(running.lines), ...running.strayLines, ...systemd.told, ...answers].join('\n');
}

const UNTIL_WRONG = 'no connection to the broker';

it.each<[string, () => object, string]>([
  ['a token, TLS and a password', () => ({ signer: { uri: token.uri, algorithm: 'ES256K' } }), 'broker connected'],
  ['a key in a file', () => ({}), 'broker connected'],
  [
    'a wrong password',
    () => ({
      mqtt: {
        ...{ url: broker.url, username: 'gateway', passwordFile: site.write('guess', WRONG) },
        tls: { ca: certificates.ca, cert: certificates.client.cert, key: certificates.client.key },
      },
    }),
    UNTIL_WRONG,
  ],
  [
    'a PIN in the URI itself',
    () => ({
      signer: {
        uri: token.uri.replace(
          /pin-source=file:([^&]+)/,
          (_, file: string) => `pin-value=${readFileSync(file, 'utf8').trim()}`,
        ),
        algorithm: 'ES256K',
      },
    }),
    'broker connected',
  ],
])('nothing secret is said at the level debug with %s', async (_what, sections, until) => {
  // Each of them is another device.
  const outbox = { directory: `outbox-${Math.random()}` };
  const said = await saidBy({ outbox, ...sections() }, until);
  expect(said).toContain('gateway runs');
  expect(said).toContain('fieldseal_broker_connected');
  for (const secret of secrets()) expect(said).not.toContain(secret);
});
