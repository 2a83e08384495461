import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDaemonConfig, loadVerifierConfig } from '../../dist/config/index.js';
import { publicKeyToJson } from '../../dist/proof/index.js';
import { makeEnrolment } from '../../dist/self-enrolment.js';
import { createKey, openSigner } from '../../dist/signing/index.js';
import { admit, openLedger } from '../../dist/verifier/index.js';
import { profileYaml } from './devices.mjs';

/** A gateway and a verifier with software keys, the device admitted. `paths` are the ports by source. */
export async function makeSite({ devices, paths, brokerUrl }) {
  const folder = await mkdtemp(join(tmpdir(), 'fieldseal-soak-'));
  const verifierKey = await createKey(`file:${join(folder, 'verifier.key')}`, 'ES256K');
  await createKey(`file:${join(folder, 'device.key')}`, 'ES256K');
  await writeFile(join(folder, 'verifier.json'), JSON.stringify(publicKeyToJson(verifierKey)));
  await mkdir(join(folder, 'profiles', 'soak'), { recursive: true });
  for (const device of devices) {
    await writeFile(join(folder, 'profiles', 'soak', `${device.source}.yaml`), profileYaml(device));
  }
  const daemon = {
    signer: { uri: 'file:device.key', algorithm: 'ES256K' },
    ports: devices.map(({ source }) => ({ source, path: paths[source], profile: `soak/${source}` })),
    profileFolders: ['profiles'],
    batching: { maxAge: '2s' },
    outbox: { directory: 'outbox' },
    mqtt: { url: brokerUrl },
    uplink: { receiptTimeout: '10s' },
    verifier: { publicKeyFile: 'verifier.json' },
    clock: { wait: '0s' },
    health: { interval: '0s' },
  };
  const verifier = {
    signer: { uri: 'file:verifier.key', algorithm: 'ES256K' },
    ledger: 'ledger.sqlite',
    mqtt: { url: brokerUrl },
  };
  await writeFile(join(folder, 'fieldseal.yaml'), JSON.stringify(daemon));
  await writeFile(join(folder, 'verifier.yaml'), JSON.stringify(verifier));
  const site = {
    folder,
    daemon: await loadDaemonConfig(join(folder, 'fieldseal.yaml')),
    verifier: await loadVerifierConfig(join(folder, 'verifier.yaml')),
    clear: () => rm(folder, { recursive: true }),
  };
  await enrol(site);
  return site;
}

async function enrol({ daemon, verifier }) {
  const signer = await openSigner(daemon.signer);
  const { record } = await makeEnrolment(daemon, signer, { owner: 'the soak' });
  await signer.close();
  const ledger = openLedger(verifier.ledger);
  admit(ledger, record, Date.now());
  ledger.close();
}
