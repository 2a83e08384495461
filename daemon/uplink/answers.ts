import { type Message, parseDeviceTopic } from '../broker/index.ts';
import {
  type Challenge,
  kidToText,
  ProofError,
  type PublicKey,
  type Reason,
  type Receipt,
  verifyChallenge,
  verifyReceipt,
} from '../proof/index.ts';

/** What a message turns out to be. A bad one is a value and a counter: anyone may publish to a topic. */
export type Answer =
  | { readonly type: 'receipt'; readonly receipt: Receipt }
  | { readonly type: 'challenge'; readonly challenge: Challenge }
  | { readonly type: 'bad'; readonly leaf: 'receipt' | 'challenge'; readonly reason: Reason | 'other-device' }
  | { readonly type: 'foreign' };

/** Who we are and whom we believe. */
export interface AnswerKeys {
  readonly prefix: string;
  /** Our own id. */
  readonly kid: string;
  /** The pinned key: nothing counts that it has not signed. */
  readonly verifierKey: PublicKey;
}

/** Reads and verifies a message from the verifier to this device. */
export function readAnswer(message: Message, { prefix, kid, verifierKey }: AnswerKeys): Answer {
  const topic = parseDeviceTopic(prefix, message.topic);
  if (topic === undefined || (topic.leaf !== 'receipt' && topic.leaf !== 'challenge')) return { type: 'foreign' };
  const { leaf } = topic;
  try {
    // A statement for another device may be replayed on our topic: its own kid counts.
    if (leaf === 'receipt') {
      const receipt = verifyReceipt(message.payload, verifierKey);
      return kidToText(receipt.kid) === kid ? { type: leaf, receipt } : { type: 'bad', leaf, reason: 'other-device' };
    }
    const challenge = verifyChallenge(message.payload, verifierKey);
    return kidToText(challenge.kid) === kid ? { type: leaf, challenge } : { type: 'bad', leaf, reason: 'other-device' };
  } catch (error) {
    if (error instanceof ProofError) return { type: 'bad', leaf, reason: error.reason };
    throw error;
  }
}
