import { randomBytes } from 'node:crypto';
import type { OutboxConfig } from '../../daemon/config/schema.ts';
import { type ChainHead, draftProof, type Loss, type Receipt, thumbprint } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { testSigner } from '../support/test-signer.ts';

export const device = testSigner(1);
export const verifier = testSigner(2);
export const kid = thumbprint(device.publicKey);
export const NOW = Date.UTC(2026, 5, 1);

export interface Sealed {
  readonly message: Uint8Array;
  readonly head: ChainHead;
}

/** Seals proofs that follow one another. */
export async function seal(
  previous: ChainHead | { epoch: Uint8Array } = { epoch: new Uint8Array(randomBytes(16)) },
  { count = 3, losses = [], t = NOW }: { count?: number; losses?: readonly Loss[]; t?: number } = {},
): Promise<Sealed> {
  const readings: Reading[] = Array.from({ length: count }, (_, index) => ({
    kind: 'gnss.fix',
    source: 'gnss',
    t: t + index * 1000,
    fields: { mode: 3, lat: 474_000_000 + ((index * 7_919) % 10_007), lon: 85_000_000 + ((index * 104_729) % 99_991) },
  }));
  const draft = draftProof({
    publicKey: device.publicKey,
    previous,
    readings,
    sources: [{ source: 'gnss', profile: 'gnss/test', profileDigest: new Uint8Array(32) }],
    clock: { source: 'ntp', uncertaintyMs: 10, bootId: new Uint8Array(16), sinceBootMs: 1000 },
    losses,
    software: { name: 'fieldseal', version: '0.0.0' },
    now: t,
  });
  return { message: draft.finish(await device.sign(draft.digest)), head: draft.head };
}

/** A chain of proofs. */
export async function sealChain(length: number, options: Parameters<typeof seal>[1] = {}): Promise<Sealed[]> {
  const chain: Sealed[] = [];
  for (let i = 0; i < length; i++) chain.push(await seal(chain.at(-1)?.head, options));
  return chain;
}

export function receiptFor(head: ChainHead, more: Partial<Receipt> = {}): Receipt {
  return {
    ...{ kid, epoch: head.epoch, seq: head.seq, digest: head.digest },
    ...{ verdict: 'accepted', received: NOW, reasons: [], nonce: new Uint8Array(16), nonceExpiry: NOW + 3_600_000 },
    ...more,
  };
}

/** The configuration of an outbox, as the defaults have it but for what is given. */
export const outboxConfig = (given: Partial<OutboxConfig> & { directory: string }): OutboxConfig => ({
  ...{ maxBytes: 1e9, maxAge: 30 * 86_400_000, drop: 'oldest', memory: 8e6 },
  ...given,
});
