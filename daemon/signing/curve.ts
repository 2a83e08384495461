import type { Algorithm } from '../proof/signature.ts';

/** DER of the curves' object identifiers (SEC 2, appendix A.2): secp256k1 1.3.132.0.10, P-256 1.2.840.10045.3.1.7. */
const CURVE_OID: Readonly<Record<Algorithm, Uint8Array>> = {
  ES256K: Uint8Array.of(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a),
  ES256: Uint8Array.of(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07),
};

export const CURVE_NAME: Readonly<Record<Algorithm, string>> = { ES256K: 'secp256k1', ES256: 'P-256' };

/** CKA_EC_PARAMS of a curve: DER of its identifier (PKCS#11 mechanisms, section 2.3.3). */
export const ecParams = (algorithm: Algorithm): Uint8Array => CURVE_OID[algorithm];

/** The algorithm of a key's CKA_EC_PARAMS; undefined for other curves and for explicit parameters. */
export function algorithmOf(params: Uint8Array): Algorithm | undefined {
  if (Buffer.compare(params, CURVE_OID.ES256K) === 0) return 'ES256K';
  if (Buffer.compare(params, CURVE_OID.ES256) === 0) return 'ES256';
  return undefined;
}

const POINT_LENGTH = 65;

/**
 * The point 04||x||y in a CKA_EC_POINT: a DER OCTET STRING around it (PKCS#11 mechanisms, section 2.3.3), or, from older
 * tokens, the bare point. Undefined for anything else.
 */
export function pointOf(attribute: Uint8Array): Uint8Array | undefined {
  const wrapped = attribute[0] === 0x04 && attribute[1] === POINT_LENGTH && attribute.length === POINT_LENGTH + 2;
  const point = wrapped ? attribute.subarray(2) : attribute;
  return point.length === POINT_LENGTH && point[0] === 0x04 ? point : undefined;
}
