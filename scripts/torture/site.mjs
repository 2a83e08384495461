import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDaemonConfig, loadVerifierConfig } from '../../dist/config/index.js';
import { publicKeyToJson } from '../../dist/proof/index.js';
import { makeEnrolment } from '../../dist/self-enrolment.js';
import { createKey, openSigner, provisionSoftHsm } from '../../dist/signing/index.js';
import { admit, openLedger } from '../../dist/verifier/index.js';
import { profileYaml } from './receivers.mjs';

export const BATCH_MS = 700;
const MQTT = { reconnect: { min: '20ms', max: '300ms' }, connectTimeout: '5s' };

/** A gateway whose key is in a SoftHSM token, and its verifier, as files. The device is admitted. */
export async function makeSite({ receivers, brokerUrl, journal }) {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-torture-'));
  const path = (name) => join(folder, name);
  await mkdir(path('token'));
  const token = await provisionSoftHsm(path('token'));
  Object.assign(process.env, token.env);
  await createKey(token.uri, 'ES256K');
  const verifierKey = await createKey(`file:${path('verifier.key')}`, 'ES256K');
  await writeFile(path('verifier.json'), JSON.stringify(publicKeyToJson(verifierKey)));
  await mkdir(path('profiles/torture'), { recursive: true });
  await mkdir(path('outbox/spool'), { recursive: true });
  for (const { source } of receivers) await writeFile(path(`profiles/torture/${source}.yaml`), profileYaml(source));
  const mqtt = { url: brokerUrl, ...MQTT };
  await writeFile(
    path('fieldseal.yaml'),
    JSON.stringify({
      signer: { uri: token.uri, algorithm: 'ES256K' },
      ports: receivers.map((one) => ({ source: one.source, path: one.open(), profile: `torture/${one.source}` })),
      profileFolders: ['profiles'],
      batching: { maxAge: `${BATCH_MS}ms` },
      journal: { interval: journal },
      outbox: { directory: 'outbox' },
      mqtt,
      uplink: { receiptTimeout: '1s' },
      verifier: { publicKeyFile: 'verifier.json' },
      clock: { ntp: 'host' },
      health: { interval: '0s' },
    }),
  );
  const verifierSigner = { uri: 'file:verifier.key', algorithm: 'ES256K' };
  await writeFile(path('verifier.yaml'), JSON.stringify({ signer: verifierSigner, ledger: 'ledger.sqlite', mqtt }));
  const kid = await enrol(path);
  return {
    ...{ folder, kid, env: token.env },
    ledger: path('ledger.sqlite'),
    clear: () => rm(folder, { recursive: true }),
  };
}

async function enrol(path) {
  const daemon = await loadDaemonConfig(path('fieldseal.yaml'));
  const { ledger: file } = await loadVerifierConfig(path('verifier.yaml'));
  const signer = await openSigner(daemon.signer);
  const { record } = await makeEnrolment(daemon, signer, { owner: 'the rack' });
  await signer.close();
  const ledger = openLedger(file);
  admit(ledger, record, Date.now());
  ledger.close();
  return publicKeyToJson(signer.publicKey).kid;
}
