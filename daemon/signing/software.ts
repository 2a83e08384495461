import { createPrivateKey } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FieldsealError } from '../errors.ts';
import { syncFolder } from '../files.ts';
import { publicKeyFromJson, publicKeyFromPoint, publicKeyToJson } from '../proof/key.ts';
import { ProofError } from '../proof/reasons.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import { CURVE_NAME } from './curve.ts';
import { derivePoint, generateSecret, signDigest } from './ecdsa.ts';
import type { KeyCustody, Signer, SignerState } from './signer.ts';
import type { FileUri } from './uri.ts';

const OTHERS_MAY = 0o077;

/** A private key in a file: for development, and for nothing that is worth forging. */
export class SoftwareSigner implements Signer {
  readonly publicKey: PublicKey;
  readonly custody: KeyCustody;
  readonly #secret: Uint8Array;
  #state: SignerState = 'ready';

  private constructor(publicKey: PublicKey, secret: Uint8Array, path: string) {
    this.publicKey = publicKey;
    this.custody = { hardware: false, holder: `file ${path}` };
    this.#secret = secret;
  }

  /**
   * Reads a private key: a JSON Web Key, or PEM (PKCS#8 or SEC 1). Throws FieldsealError KEY_NOT_FOUND, KEY_FILE_INVALID (also
   * where others may read the file), KEY_UNSUITABLE, FILE_NOT_READABLE.
   */
  static async open(uri: FileUri, algorithm?: Algorithm): Promise<SoftwareSigner> {
    const text = await readPrivateFile(uri.path);
    const { publicKey, secret } = await parseKey(text, uri.path);
    if (algorithm !== undefined && publicKey.algorithm !== algorithm) {
      const [is, needs] = [CURVE_NAME[publicKey.algorithm], CURVE_NAME[algorithm]];
      const detail = `${uri.path} is on ${is}, while ${algorithm} needs ${needs}`;
      throw new FieldsealError('KEY_UNSUITABLE', { detail, place: uri.path });
    }
    return new SoftwareSigner(publicKey, secret, uri.path);
  }

  get state(): SignerState {
    return this.#state;
  }

  get holder(): string {
    return this.custody.holder;
  }

  get trouble(): undefined {
    return undefined;
  }

  retry(): void {}

  async sign(digest: Uint8Array): Promise<Uint8Array> {
    if (digest.length !== 32) throw new RangeError(`a digest of ${digest.length} bytes, not 32`);
    if (this.#state === 'closed')
      throw new FieldsealError('TOKEN_FAILED', { detail: `${this.custody.holder} was closed` });
    return signDigest(this.publicKey.algorithm, this.#secret, digest);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    this.#secret.fill(0);
  }
}

/** Writes a new key as a JSON Web Key, mode 0600. Throws FieldsealError KEY_EXISTS or FILE_NOT_WRITABLE. */
export async function createSoftwareKey({ path }: FileUri, algorithm: Algorithm): Promise<PublicKey> {
  const secret = await generateSecret(algorithm);
  const publicKey = publicKeyFromPoint(algorithm, await derivePoint(algorithm, secret));
  const jwk = { ...publicKeyToJson(publicKey), d: Buffer.from(secret).toString('base64url') };
  try {
    const file = await open(path, 'wx', 0o600);
    await closing(file, async () => {
      await file.writeFile(`${JSON.stringify(jwk)}\n`);
      await file.sync();
    });
    await syncFolder(dirname(path));
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw new FieldsealError('KEY_EXISTS', { detail: path, place: path });
    throw new FieldsealError('FILE_NOT_WRITABLE', { detail: messageOf(cause), place: path, cause });
  }
  return publicKey;
}

async function readPrivateFile(path: string): Promise<string> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') throw new FieldsealError('KEY_NOT_FOUND', { detail: path, place: path });
    throw new FieldsealError('FILE_NOT_READABLE', { detail: messageOf(cause), place: path, cause });
  }
  return await closing(file, async () => {
    const { mode } = await file.stat();
    if ((mode & OTHERS_MAY) !== 0) {
      const detail = `others may read or write it; run: chmod 600 ${path}`;
      throw new FieldsealError('KEY_FILE_INVALID', { detail, place: path });
    }
    return await file.readFile('utf8');
  });
}

async function parseKey(text: string, path: string): Promise<{ publicKey: PublicKey; secret: Uint8Array }> {
  const invalid = (detail: string, cause?: unknown): FieldsealError =>
    new FieldsealError('KEY_FILE_INVALID', { detail, place: path, cause });
  let jwk: unknown;
  try {
    jwk = text.trimStart().startsWith('{') ? JSON.parse(text) : createPrivateKey(text).export({ format: 'jwk' });
  } catch (cause) {
    // The parsers' own words may quote the key.
    throw invalid('neither a JSON Web Key nor an unencrypted PEM private key', cause);
  }
  let publicKey: PublicKey;
  try {
    publicKey = publicKeyFromJson(typeof jwk === 'object' ? { ...jwk, d: undefined } : jwk);
  } catch (cause) {
    if (cause instanceof ProofError) throw invalid(cause.detail, cause);
    throw cause;
  }
  const d: unknown = typeof jwk === 'object' && jwk !== null ? Reflect.get(jwk, 'd') : undefined;
  const secret = typeof d === 'string' ? new Uint8Array(Buffer.from(d, 'base64url')) : new Uint8Array();
  if (secret.length !== 32) throw invalid('d is not 32 bytes of base64url');
  if (!(await belongs(publicKey, secret))) throw invalid('x and y are not the public key of d');
  return { publicKey, secret };
}

async function belongs({ algorithm, x, y }: PublicKey, secret: Uint8Array): Promise<boolean> {
  let point: Uint8Array;
  try {
    point = await derivePoint(algorithm, secret);
  } catch {
    return false;
  }
  return Buffer.compare(point.subarray(1, 33), x) === 0 && Buffer.compare(point.subarray(33), y) === 0;
}

async function closing<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await file.close();
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
