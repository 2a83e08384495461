import { FieldsealError } from '../errors.ts';
import type { AttributeTemplate } from '../native.ts';
import { publicKeyFromPoint } from '../proof/key.ts';
import type { Algorithm, PublicKey } from '../proof/signature.ts';
import { CKA, CKK_EC, CKO, readBool, readUlong } from './attributes.ts';
import type { TokenConnection } from './connection.ts';
import { algorithmOf, CURVE_NAME, ecParams, pointOf } from './curve.ts';
import type { Pkcs11Uri } from './uri.ts';

/** A private key on an open session, and its public key. */
export interface TokenKey {
  readonly handle: bigint;
  readonly publicKey: PublicKey;
  /** Whether the token says that it made the key and that the key never could leave. */
  readonly madeHere: boolean;
}

const PRIVATE_ATTRIBUTES = [
  CKA.KEY_TYPE,
  CKA.EC_PARAMS,
  CKA.ID,
  CKA.LABEL,
  CKA.SIGN,
  CKA.SENSITIVE,
  CKA.EXTRACTABLE,
  CKA.LOCAL,
  CKA.NEVER_EXTRACTABLE,
  CKA.ALWAYS_AUTHENTICATE,
] as const;

/**
 * Finds the one private key that the URI names and can serve: on the algorithm's curve (either one where none is named), not
 * extractable, allowed to sign. Throws FieldsealError KEY_NOT_FOUND, KEY_AMBIGUOUS, KEY_UNSUITABLE, or Pkcs11Failure.
 */
export async function findKey(connection: TokenConnection, uri: Pkcs11Uri, algorithm?: Algorithm): Promise<TokenKey> {
  const [handle, ...others] = await connection.find([[CKA.CLASS, CKO.PRIVATE_KEY], ...named(uri)]);
  if (handle === undefined) throw new FieldsealError('KEY_NOT_FOUND', { detail: uri.shown });
  if (others.length > 0) {
    throw new FieldsealError('KEY_AMBIGUOUS', { detail: `${uri.shown} names ${others.length + 1}` });
  }
  const [type, params, id, label, sign, sensitive, extractable, local, neverExtractable, alwaysAuthenticate] =
    await connection.read(handle, PRIVATE_ATTRIBUTES);

  const unsuitable = (why: string): FieldsealError =>
    new FieldsealError('KEY_UNSUITABLE', { detail: `${uri.shown} ${why}` });
  if (readUlong(type) !== CKK_EC) throw unsuitable('is not on an elliptic curve');
  if (readBool(sign) === false) throw unsuitable('is not allowed to sign');
  if (readBool(extractable) !== false) throw unsuitable('can be taken out of the token');
  if (readBool(sensitive) === false) throw unsuitable('can be read from the token');
  if (readBool(alwaysAuthenticate) === true) throw unsuitable('asks for its PIN at each signature');

  const found = await findPublicKey(connection, id, label);
  const curve = params?.length ? params : found.params;
  const is = curve === undefined ? undefined : algorithmOf(curve);
  if (is === undefined) throw unsuitable('is on neither secp256k1 nor P-256');
  if (algorithm !== undefined && is !== algorithm) {
    throw unsuitable(`is on ${CURVE_NAME[is]}, while ${algorithm} needs ${CURVE_NAME[algorithm]}`);
  }
  if (found.point === undefined) throw unsuitable('has no public key beside it');
  return {
    handle,
    publicKey: publicKeyFromPoint(is, found.point),
    madeHere: readBool(local) === true && readBool(neverExtractable) === true,
  };
}

/** Makes a key pair that stays in the token. Throws FieldsealError KEY_EXISTS, or Pkcs11Failure. */
export async function generateKey(
  connection: TokenConnection,
  uri: Pkcs11Uri,
  algorithm: Algorithm,
  newId: Uint8Array,
): Promise<void> {
  // By name and by id each: a second key of either would make the first ambiguous.
  for (const keyClass of [CKO.PRIVATE_KEY, CKO.PUBLIC_KEY]) {
    for (const name of named(uri)) {
      const same = await connection.find([[CKA.CLASS, keyClass], name]);
      if (same.length > 0) throw new FieldsealError('KEY_EXISTS', { detail: uri.shown });
    }
  }
  const names: AttributeTemplate = [
    [CKA.LABEL, new TextEncoder().encode(uri.key.label ?? '')],
    [CKA.ID, uri.key.id ?? newId],
  ];
  await connection.generate(
    [[CKA.TOKEN, true], [CKA.VERIFY, true], [CKA.EC_PARAMS, ecParams(algorithm)], ...names],
    [
      [CKA.TOKEN, true],
      [CKA.PRIVATE, true],
      [CKA.SENSITIVE, true],
      [CKA.EXTRACTABLE, false],
      [CKA.SIGN, true],
      ...names,
    ],
  );
}

function named({ key }: Pkcs11Uri): [number, Uint8Array][] {
  const template: [number, Uint8Array][] = [];
  if (key.label !== undefined) template.push([CKA.LABEL, new TextEncoder().encode(key.label)]);
  if (key.id !== undefined) template.push([CKA.ID, key.id]);
  return template;
}

/** The public key of the private key's id (base specification, section 4.7: pairs share it) or, without one, its label. */
async function findPublicKey(
  connection: TokenConnection,
  id: Uint8Array | null | undefined,
  label: Uint8Array | null | undefined,
): Promise<{ point?: Uint8Array; params?: Uint8Array }> {
  const byId: AttributeTemplate = id?.length ? [[CKA.ID, id]] : [];
  const byLabel: AttributeTemplate = label?.length ? [[CKA.LABEL, label]] : [];
  // Imported keys may carry an id that others carry too; then the label decides.
  for (const pair of [byId, [...byId, ...byLabel]]) {
    if (pair.length === 0) continue;
    const [handle, ...others] = await connection.find([[CKA.CLASS, CKO.PUBLIC_KEY], ...pair]);
    if (handle === undefined) return {};
    if (others.length > 0) continue;
    const [attribute, params] = await connection.read(handle, [CKA.EC_POINT, CKA.EC_PARAMS]);
    const point = attribute ? pointOf(attribute) : undefined;
    return { ...(point && { point }), ...(params && { params }) };
  }
  return {};
}
