import { encodeCbor, equalBytes } from './cbor.ts';
import type { CborValue } from './cbor-value.ts';
import { checkSign1, sign1 } from './cose.ts';
import { thumbprint } from './key.ts';
import { ProofError } from './reasons.ts';
import type { DigestSigner, PublicKey } from './signature.ts';
import { openStatement } from './statement.ts';

export const CHALLENGE_TYPE = 'application/fieldseal-challenge+cbor';

/** A verifier's call on a device to show that it is alive: its next proof carries the nonce. */
export interface Challenge {
  /** The device that is challenged. */
  readonly kid: Uint8Array;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  /** When the nonce lapses, ms since the Unix epoch. */
  readonly expiry: number;
}

export function signChallenge(challenge: Challenge, signer: DigestSigner): Promise<Uint8Array> {
  const payload = encodeCbor(
    new Map<number, CborValue>([
      [1, 1],
      [2, challenge.kid],
      [3, challenge.nonce],
      [4, challenge.expiry],
    ]),
  );
  return sign1(CHALLENGE_TYPE, thumbprint(signer.publicKey), payload, signer);
}

/** Reads a challenge and verifies it by the verifier's pinned key. Throws ProofError. */
export function verifyChallenge(bytes: Uint8Array, verifierKey: PublicKey): Challenge {
  const { sign1: envelope, members } = openStatement(bytes, CHALLENGE_TYPE, 'the challenge');
  if (!equalBytes(envelope.kid, thumbprint(verifierKey)))
    throw new ProofError('signature', "not the pinned verifier's");
  checkSign1(envelope, verifierKey);
  const challenge = { kid: members.bytes(2, 32), nonce: members.bytes(3, 16), expiry: members.time(4) };
  members.end();
  return challenge;
}
