import { expect } from 'vitest';
import { type Proof, parseProof, publicKeyFromJson, verifyReceipt } from '../../daemon/proof/index.ts';
import type { Site } from '../support/site.ts';
import type { Wiretap } from '../support/wiretap.ts';

const ZERO = '0'.repeat(64);

/**
 * Holds the ledger against every proof that was ever on the gateway's disk: all of them accepted, each once, in one chain from seq 0
 * without a gap, and nothing else. Gives the proofs in order.
 */
export function expectUnbroken({ ledger, spool }: Site): Proof[] {
  const proofs = ledger.proofs();
  expect(new Set(proofs.map(({ epoch }) => epoch)).size).toBe(1);
  expect(proofs.map(({ seq }) => seq)).toEqual(proofs.map((_, index) => index));
  expect(proofs.map(({ prev }) => prev)).toEqual([ZERO, ...proofs.slice(0, -1).map(({ digest }) => digest)]);
  expect(proofs.filter(({ verdict, reasons }) => verdict !== 'accepted' || reasons.length > 0)).toEqual([]);
  expect(proofs.map(({ seq, digest }) => ({ seq, digest }))).toEqual(spool.sealed());
  expect({ chains: ledger.count('chains'), conflicts: ledger.count('equivocations') }).toEqual({
    chains: 1,
    conflicts: 0,
  });
  expect(ledger.count('refusals')).toBe(0);
  expect(spool.waiting()).toEqual([]);
  expect(spool.quarantined()).toEqual([]);
  const parsed = proofs.map(({ message }) => parseProof(message));
  expect(ledger.count('readings')).toBe(parsed.reduce((sum, { payload }) => sum + payload.size, 0));
  return parsed;
}

/** Holds what went over the broker against the rule that a proof is sent again as the identical bytes. Gives one message a proof. */
export function expectIdenticalBytes(tap: Wiretap): Uint8Array[] {
  const bySeq = new Map<number, Uint8Array>();
  for (const { payload } of tap.of('proof')) {
    const { seq } = parseProof(payload).payload;
    const before = bySeq.get(seq) ?? payload;
    expect(Buffer.compare(before, payload)).toBe(0);
    bySeq.set(seq, before);
  }
  return [...bySeq.values()];
}

/** No proof was accepted twice: a receipt may come again, but as the identical bytes. */
export function expectAcceptedOnce(tap: Wiretap, verifierKey: unknown): void {
  const key = publicKeyFromJson(verifierKey);
  const accepting = new Map<string, Uint8Array>();
  for (const { payload } of tap.of('receipt')) {
    const { digest, verdict } = verifyReceipt(payload, key);
    expect(['accepted', 'duplicate']).toContain(verdict);
    if (verdict === 'duplicate') continue;
    const proof = Buffer.from(digest).toString('hex');
    expect(Buffer.compare(accepting.get(proof) ?? payload, payload)).toBe(0);
    accepting.set(proof, payload);
  }
  expect(accepting.size).toBeGreaterThan(0);
}

/** The receipts that went over the broker, held against the verifier's key. */
export function receiptsOf(tap: Wiretap, verifierKey: unknown) {
  const key = publicKeyFromJson(verifierKey);
  return tap.of('receipt').map(({ payload }) => verifyReceipt(payload, key));
}
