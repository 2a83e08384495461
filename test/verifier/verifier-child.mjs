// A verifier in a process of its own, to be killed: node verifier-child.mjs DIST CONFIG.json KILL_AT_SEQ
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [dist, configFile, killAt] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(dist, file)).href);
const { VerifierService } = await load('verifier/index.js');
const { createLog } = await load('log.js');
const { publicKeyFromPoint } = await load('proof/index.js');
// The noble package of the compiled daemon's own node_modules.
const { config, point, secret, now } = JSON.parse(readFileSync(configFile, 'utf8'));
const { p256 } = await import('@noble/curves/nist.js');

const service = new VerifierService(config, {
  signer: {
    publicKey: publicKeyFromPoint('ES256', Buffer.from(point, 'hex')),
    sign: async (digest) => p256.sign(digest, Buffer.from(secret, 'hex'), { prehash: false, lowS: true }),
  },
  log: createLog('warn'),
  now: () => now,
  // The verdict is on the disk; the broker has not been told.
  onVerdict: ({ seq }) => {
    if (seq === Number(killAt)) process.kill(process.pid, 'SIGKILL');
  },
});
await service.run(new AbortController().signal);
