import { randomBytes } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { FieldsealError } from '../../errors.ts';
import { loadNative, type TokenInfo } from '../../native.ts';
import { kidToText, thumbprint } from '../../proof/index.ts';
import { TokenConnection } from '../../signing/connection.ts';
import { explain } from '../../signing/failure.ts';
import { type FileUri, openSigner, type Pkcs11Uri, parseSignerUri, type SignerUri } from '../../signing/index.ts';
import { resolveModule } from '../../signing/module-path.ts';
import { chooseToken } from '../../signing/token.ts';
import { grants, READ } from '../account.ts';
import { isCredential } from '../credentials.ts';
import { type Finding, fail, failOf, ok, warn } from '../finding.ts';
import { readIdentity } from '../identity.ts';
import type { Patient } from '../patient.ts';

const AREA = 'token';
/** Token flags (PKCS#11 base specification, section 3.2, table 6). */
const PIN_FLAGS = [
  [0x4_0000, 'is locked', "unlock it with its vendor's tool"],
  [0x2_0000, 'takes one more PIN before it locks', "correct the PIN file, and log in once with the vendor's tool"],
  [
    0x1_0000,
    'has refused a PIN since it was last right',
    "correct the PIN file, and log in once with the vendor's tool",
  ],
] as const;
/** A batch a minute leaves a token all the time that it may want; an operator should know of one this slow. */
const SLOW_MS = 2_000;

/**
 * The key: module, token, PIN file, and one signature, timed. A PIN is tried once, and not at all where the token says that one more
 * may lock it. A daemon that runs has the token.
 */
export async function checkToken(patient: Patient): Promise<Finding[]> {
  if (patient.holder !== undefined) return [];
  const findings: Finding[] = [];
  try {
    const uri = parseSignerUri(patient.config.signer.uri);
    findings.push(...(uri.scheme === 'file' ? await checkKeyFile(uri, patient) : await checkPkcs11(uri, patient)));
    if (!findings.some(({ level }) => level === 'fail')) findings.push(...(await sign(uri, patient)));
  } catch (error) {
    if (!(error instanceof FieldsealError)) throw error;
    findings.push(failOf(AREA, error));
  }
  return findings;
}

async function checkKeyFile({ path }: FileUri, patient: Patient): Promise<Finding[]> {
  const remedy = 'for anything but a trial, have a token hold the key: see docs/operations.md';
  return [
    warn(AREA, `the key is a file, ${path}: whoever copies it signs as this device`, remedy),
    ...(await checkSecret('key file', path, patient)),
  ];
}

async function checkPkcs11(uri: Pkcs11Uri, patient: Patient): Promise<Finding[]> {
  const secret = uri.pin !== undefined && 'file' in uri.pin ? await checkSecret('PIN file', uri.pin.file, patient) : [];
  const token = await findToken(uri, patient.config.signer.timeout);
  const found = ok(AREA, `found "${token.label}" of ${token.manufacturer} ${token.model} (serial ${token.serial})`);
  const danger = PIN_FLAGS.find(([flag]) => (token.flags & flag) !== 0);
  if (danger === undefined) return [found, ...secret];
  return [found, ...secret, fail(AREA, `"${token.label}" ${danger[1]}: no PIN is tried from here`, danger[2])];
}

/** Looks for the token without logging in. */
async function findToken(uri: Pkcs11Uri, timeout: number): Promise<TokenInfo> {
  const connection = new TokenConnection(loadNative(), resolveModule(uri.module), timeout);
  try {
    await connection.initialize();
    return chooseToken(uri, await connection.tokens());
  } catch (error) {
    throw explain(error, uri.shown);
  } finally {
    await connection.end();
  }
}

/** A file that only the daemon's user should read. */
async function checkSecret(noun: string, path: string, { account }: Patient): Promise<Finding[]> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined) {
    const remedy = isCredential(path)
      ? 'keep the credential in /etc/credstore, or start fieldseal.service and ask again'
      : 'correct the path in signer.uri';
    return [fail(AREA, `there is no ${noun} ${path}`, remedy)];
  }
  // systemd hands it to the daemon, with rights of its own.
  if (isCredential(path)) return (file.mode & 0o007) === 0 ? [] : [open(noun, path)];
  const findings: Finding[] = [];
  if (!grants(file, account, READ)) {
    findings.push(fail(AREA, `${account.name} may not read the ${noun} ${path}`, `chown ${account.name} ${path}`));
  }
  if ((file.mode & 0o007) !== 0) {
    findings.push(open(noun, path));
  } else if ((file.mode & 0o070) !== 0) {
    findings.push(warn(AREA, `its group may read the ${noun} ${path}`, `chmod 600 ${path}`));
  }
  return findings;
}

const open = (noun: string, path: string): Finding =>
  fail(AREA, `anybody may read the ${noun} ${path}`, `chmod 600 ${path}`);

async function sign(uri: SignerUri, { config }: Patient): Promise<Finding[]> {
  const opening = performance.now();
  const signer = await openSigner(config.signer);
  try {
    const begun = performance.now();
    await signer.sign(randomBytes(32));
    const ms = Math.round(performance.now() - begun);
    const kid = kidToText(thumbprint(signer.publicKey));
    const opened = `opened in ${Math.round(begun - opening)} ms`;
    const findings = [
      ms > SLOW_MS
        ? warn(AREA, `signs in ${ms} ms, ${opened}`, 'seal larger batches: batching.maxAge and batching.maxReadings')
        : ok(AREA, `signs in ${ms} ms, ${opened}`),
      ok(AREA, `this device is ${kid} (${signer.publicKey.algorithm})`),
    ];
    if (uri.scheme === 'pkcs11' && !signer.custody.hardware) {
      const remedy = 'fine for a trial; for more use a hardware token, or one in which the key cannot be read out';
      findings.push(warn(AREA, `${signer.custody.holder} is not known to be hardware`, remedy));
    }
    const known = await readIdentity(config.outbox.directory);
    if (known !== undefined && known !== kid) {
      const remedy = 'restore the former key, or enrol the new one with an outbox folder of its own';
      findings.push(fail(AREA, `the outbox is of another device, ${known}`, remedy));
    }
    return findings;
  } finally {
    await signer.close();
  }
}
