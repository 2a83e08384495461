import { FieldsealError } from '../errors.ts';
import { kidToText, ProofError, type PublicKey, publicKeyFromJson, thumbprint } from '../proof/index.ts';
import { readNamedJson } from './io.ts';

/** Finds the key that a proof's id names; undefined where nobody vouches for that device. */
export type KeyRing = (kid: Uint8Array) => PublicKey | undefined;

/** Reads one public key: a JSON Web Key, as `fieldseal key show --json` prints it. */
export async function readPublicKey(file: string): Promise<PublicKey> {
  return parseKey(await readNamedJson(file, 'PUBLIC_KEY_INVALID'), file);
}

/** Reads the devices that a verifier admitted: {"devices": [{"publicKey": JWK, ...}]}. */
export async function readDevices(file: string): Promise<PublicKey[]> {
  const json = await readNamedJson(file, 'PUBLIC_KEY_INVALID');
  const devices = typeof json === 'object' && json !== null && 'devices' in json ? json.devices : undefined;
  if (!Array.isArray(devices)) throw invalidKey(file, 'it has no list "devices"');
  return devices.map((device: unknown, index) => {
    const key = typeof device === 'object' && device !== null && 'publicKey' in device ? device.publicKey : undefined;
    return parseKey(key, `${file} devices[${index}].publicKey`);
  });
}

/** The keys of --key or --devices; exactly one of them has to be given. */
export async function readKeyRing(
  { key, devices }: { key?: string; devices?: string },
  place = 'fieldseal verify',
): Promise<KeyRing> {
  if ((key === undefined) === (devices === undefined)) {
    throw new FieldsealError('USAGE', { detail: 'give either --key FILE or --devices FILE', place });
  }
  const keys = key !== undefined ? [await readPublicKey(key)] : await readDevices(devices ?? '');
  const byKid = new Map(keys.map((one) => [kidToText(thumbprint(one)), one]));
  return (kid) => byKid.get(kidToText(kid));
}

function parseKey(json: unknown, place: string): PublicKey {
  try {
    return publicKeyFromJson(json);
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    throw invalidKey(place, error.detail);
  }
}

const invalidKey = (place: string, detail: string): FieldsealError =>
  new FieldsealError('PUBLIC_KEY_INVALID', { detail, place });
