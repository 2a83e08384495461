import { encodeCbor, equalBytes } from './cbor.ts';
import type { CborValue } from './cbor-value.ts';
import { checkSign1, sign1 } from './cose.ts';
import { thumbprint } from './key.ts';
import { asInt } from './members.ts';
import { ProofError, REASONS, type Reason, reasonByNumber } from './reasons.ts';
import type { DigestSigner, PublicKey } from './signature.ts';
import { openStatement } from './statement.ts';

export const RECEIPT_TYPE = 'application/fieldseal-receipt+cbor';

const VERDICTS = ['accepted', 'flagged', 'rejected', 'duplicate'] as const;

/** All but `rejected` let the device drop the proof. */
export type Verdict = (typeof VERDICTS)[number];

/** What a verifier answers to a proof. */
export interface Receipt {
  /** The device that the receipt is for. */
  readonly kid: Uint8Array;
  readonly epoch: Uint8Array;
  readonly seq: number;
  readonly digest: Uint8Array;
  readonly verdict: Verdict;
  /** When the verifier received the proof, ms since the Unix epoch by its clock. */
  readonly received: number;
  readonly reasons: Reason[];
  /** The challenge that the next proof carries: 16 bytes. */
  readonly nonce: Uint8Array;
  /** When the nonce lapses, ms since the Unix epoch. */
  readonly nonceExpiry: number;
}

const MAX_REASONS = 32;

export function signReceipt(receipt: Receipt, signer: DigestSigner): Promise<Uint8Array> {
  const payload = encodeCbor(
    new Map<number, CborValue>([
      [1, 1],
      [2, receipt.kid],
      [3, receipt.epoch],
      [4, receipt.seq],
      [5, receipt.digest],
      [6, VERDICTS.indexOf(receipt.verdict)],
      [7, receipt.received],
      [8, receipt.reasons.map((reason) => REASONS[reason])],
      [9, receipt.nonce],
      [10, receipt.nonceExpiry],
    ]),
  );
  return sign1(RECEIPT_TYPE, thumbprint(signer.publicKey), payload, signer);
}

/**
 * Reads a receipt and verifies it by the verifier's pinned key. Throws ProofError. Reason numbers that this version
 * does not know are left out: a newer verifier's verdict still counts.
 */
export function verifyReceipt(bytes: Uint8Array, verifierKey: PublicKey): Receipt {
  const { sign1: envelope, members } = openStatement(bytes, RECEIPT_TYPE, 'the receipt');
  if (!equalBytes(envelope.kid, thumbprint(verifierKey)))
    throw new ProofError('signature', "not the pinned verifier's");
  checkSign1(envelope, verifierKey);
  const receipt: Receipt = {
    kid: members.bytes(2, 32),
    epoch: members.bytes(3, 16),
    seq: members.int(4),
    digest: members.bytes(5, 32),
    verdict: VERDICTS[members.int(6, VERDICTS.length - 1)] ?? 'rejected',
    received: members.time(7),
    reasons: members
      .array(8, MAX_REASONS)
      .map((number) => reasonByNumber(asInt(number, 'a reason')))
      .filter((reason) => reason !== undefined),
    nonce: members.bytes(9, 16),
    nonceExpiry: members.time(10),
  };
  members.end();
  return receipt;
}
