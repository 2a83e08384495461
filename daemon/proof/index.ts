export type { BeaconOrder } from './beacon.ts';
export {
  type ChainHead,
  type ChainKnowledge,
  type ChainLink,
  type ChainStart,
  ChainVerifier,
  judgeLink,
  linkOf,
} from './chain.ts';
export { CHALLENGE_TYPE, type Challenge, signChallenge, verifyChallenge } from './challenge.ts';
export {
  proveReading,
  type ReadingProof,
  type ReadingProofJson,
  readingProofFromJson,
  readingProofToJson,
  verifyReading,
} from './disclosure.ts';
export { draftProof, PROOF_TYPE, type ProofDraft, type ProofInput } from './draft.ts';
export { ENROLMENT_TYPE, type Enrolment, type Place, signEnrolment, verifyEnrolment } from './enrolment.ts';
export {
  decodePublicKey,
  encodePublicKey,
  kidFromText,
  kidToText,
  type PublicKeyJson,
  publicKeyFromJson,
  publicKeyFromPoint,
  publicKeyToJson,
  thumbprint,
} from './key.ts';
export { MAX_LOSSES, MAX_MESSAGE, MAX_NAME, MAX_READINGS, MAX_SOURCES, MAX_STATEMENT } from './limits.ts';
export { LOSS_REASONS, type Loss, type LossReason, type ProofRange } from './losses.ts';
export { type ClockState, FORMAT_VERSION, type Payload, type ProofSource, type Software } from './payload.ts';
export { checkSignature, openReadings, type Proof, parseProof, verifyProof } from './proof.ts';
export { ProofError, REASONS, type Reason, reasonByNumber } from './reasons.ts';
export { RECEIPT_TYPE, type Receipt, signReceipt, type Verdict, verifyReceipt } from './receipt.ts';
export { rowSize } from './row.ts';
export type { Algorithm, DigestSigner, PublicKey } from './signature.ts';
