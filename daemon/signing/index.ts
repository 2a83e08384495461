import { FieldsealError } from '../errors.ts';
import { kidToText, thumbprint } from '../proof/key.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import { createTokenKey } from './create-token-key.ts';
import { Pkcs11Signer } from './pkcs11.ts';
import type { DeviceSigner, KeyCustody, Signer } from './signer.ts';
import { createSoftwareKey, SoftwareSigner } from './software.ts';
import { parseSignerUri } from './uri.ts';

export type { DeviceSigner, KeyCustody, Signer, SignerState } from './signer.ts';
export { provisionSoftHsm, type SoftHsm } from './softhsm.ts';
export { type FileUri, type Pkcs11Uri, parseSignerUri, type SignerUri } from './uri.ts';
export { watchForWedge } from './wedge.ts';

const DEFAULT_TIMEOUT_MS = 30_000;

export interface SignerOptions {
  readonly uri: string;
  /** A key of another curve is refused. */
  readonly algorithm: Algorithm;
  /** The key id that this device is known by: where set, another key is refused. */
  readonly kid?: string | undefined;
  /** Milliseconds for each call to a token. */
  readonly timeout: number;
}

/** Opens the key that a URI names. It makes none, and takes no other. Throws FieldsealError. */
export async function openSigner({ uri, algorithm, kid, timeout }: SignerOptions): Promise<Signer> {
  const signer = await openKey(uri, algorithm, timeout);
  const found = kidToText(thumbprint(signer.publicKey));
  if (kid !== undefined && kid !== found) {
    await signer.close();
    throw new FieldsealError('KEY_CHANGED', { detail: `${found} instead of ${kid}` });
  }
  return signer;
}

/**
 * Opens a device's key for its gateway. One that is known from before need not be reached now: what time may mend, such as a
 * token that is away, is the signer's `trouble`, and no error. Throws FieldsealError for anything else, as `openSigner` does.
 */
export async function openDeviceSigner(options: SignerOptions, known: PublicKey | undefined): Promise<DeviceSigner> {
  const { uri: text, algorithm, kid, timeout } = options;
  const uri = parseSignerUri(text);
  if (uri.scheme === 'file' || known?.algorithm !== algorithm) return openSigner(options);
  const is = kidToText(thumbprint(known));
  if (kid !== undefined && kid !== is) throw new FieldsealError('KEY_CHANGED', { detail: `${is} instead of ${kid}` });
  return Pkcs11Signer.open({ uri, algorithm, timeout, known });
}

/** Makes a key, in a token or a file. The only way that one comes to be. Throws FieldsealError KEY_EXISTS and others. */
export function createKey(uri: string, algorithm: Algorithm, timeout = DEFAULT_TIMEOUT_MS): Promise<PublicKey> {
  const parsed = parseSignerUri(uri);
  if (parsed.scheme === 'file') return createSoftwareKey(parsed, algorithm);
  return createTokenKey({ uri: parsed, algorithm, timeout });
}

export interface ShownKey {
  readonly publicKey: PublicKey;
  readonly custody: KeyCustody;
}

/** Opens a key of either algorithm, to say what it is. Throws FieldsealError. */
export async function showKey(uri: string, timeout = DEFAULT_TIMEOUT_MS): Promise<ShownKey> {
  const signer = await openKey(uri, undefined, timeout);
  await signer.close();
  return { publicKey: signer.publicKey, custody: signer.custody };
}

function openKey(text: string, algorithm: Algorithm | undefined, timeout: number): Promise<Signer> {
  const uri = parseSignerUri(text);
  if (uri.scheme === 'file') return SoftwareSigner.open(uri, algorithm);
  return Pkcs11Signer.open({ uri, timeout, ...(algorithm && { algorithm }) });
}
