import { type BeaconOrder, beaconFromCbor, beaconToCbor } from './beacon.ts';
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
  /** What the device is asked to transmit by radio, once; what becomes of it is a lora.beacon reading. */
  readonly beacon?: BeaconOrder;
}

/** Signs a challenge. Throws ProofError `parse` for a beacon that no radio could send. */
export async function signChallenge(challenge: Challenge, signer: DigestSigner): Promise<Uint8Array> {
  const map = new Map<number, CborValue>([
    [1, 1],
    [2, challenge.kid],
    [3, challenge.nonce],
    [4, challenge.expiry],
  ]);
  if (challenge.beacon !== undefined) {
    const beacon = beaconToCbor(challenge.beacon);
    beaconFromCbor(beacon);
    map.set(5, beacon);
  }
  return sign1(CHALLENGE_TYPE, thumbprint(signer.publicKey), encodeCbor(map), signer);
}

/** Reads a challenge and verifies it by the verifier's pinned key. Throws ProofError. */
export function verifyChallenge(bytes: Uint8Array, verifierKey: PublicKey): Challenge {
  const { sign1: envelope, members } = openStatement(bytes, CHALLENGE_TYPE, 'the challenge');
  if (!equalBytes(envelope.kid, thumbprint(verifierKey)))
    throw new ProofError('signature', "not the pinned verifier's");
  checkSign1(envelope, verifierKey);
  const challenge = {
    kid: members.bytes(2, 32),
    nonce: members.bytes(3, 16),
    expiry: members.time(4),
    ...(members.has(5) ? { beacon: beaconFromCbor(members.take(5)) } : {}),
  };
  members.end();
  return challenge;
}
