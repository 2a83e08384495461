import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message, MessageHandler } from '../../daemon/broker/index.ts';
import { Outbox } from '../../daemon/outbox/index.ts';
import { kidToText, MAX_STATEMENT, type Receipt, signReceipt } from '../../daemon/proof/index.ts';
import { Uplink } from '../../daemon/uplink/index.ts';
import { mqttConfig } from '../broker/support.ts';
import { device, kid, NOW, outboxConfig, receiptFor, type Sealed, sealChain, verifier } from '../outbox/support.ts';
import { keptLog } from '../support/kept-log.ts';
import { testSigner } from '../support/test-signer.ts';

const TOPIC = `fieldseal/1/${kidToText(kid)}/receipt`;
const stranger = testSigner(9);
const PROOFS = 6;

/** A line that carries everything away and brings what it is told to. */
class FakeLine extends EventEmitter {
  readonly connected = true;
  readonly limits = undefined;
  readonly sent: Uint8Array[] = [];
  #handler: MessageHandler = async () => {};

  onMessage(handler: MessageHandler): void {
    this.#handler = handler;
  }

  subscribe(): void {}

  async publish(_topic: string, payload: Uint8Array): Promise<void> {
    this.sent.push(payload);
  }

  bring(payload: Uint8Array, topic = TOPIC): Promise<void> {
    const message: Message = { topic, payload, retained: false, properties: {} };
    return this.#handler(message);
  }
}

/** Something that comes on the receipt topic. `of` is the proof that it is about. */
type Arrival =
  | { readonly what: 'good'; readonly of: number; readonly verdict: 'accepted' | 'flagged' | 'duplicate' }
  | { readonly what: 'other device' | 'other signer' | 'unknown proof' | 'other seq'; readonly of: number }
  | { readonly what: 'altered'; readonly of: number; readonly at: number; readonly bit: number }
  | { readonly what: 'garbage'; readonly bytes: Uint8Array }
  | { readonly what: 'huge'; readonly of: number };

const of = fc.nat({ max: PROOFS - 1 });
const arrivals: fc.Arbitrary<Arrival[]> = fc.array(
  fc.oneof(
    fc.record({
      what: fc.constant('good' as const),
      of,
      verdict: fc.constantFrom('accepted' as const, 'flagged' as const, 'duplicate' as const),
    }),
    fc.record({
      what: fc.constantFrom('other device' as const, 'other signer' as const, 'unknown proof' as const),
      of,
    }),
    fc.record({ what: fc.constant('altered' as const), of, at: fc.nat(), bit: fc.nat({ max: 7 }) }),
    fc.record({ what: fc.constant('garbage' as const), bytes: fc.uint8Array({ maxLength: 400 }) }),
    fc.record({ what: fc.constant('huge' as const), of }),
  ),
  { maxLength: 30 },
);

async function bytesOf(arrival: Arrival, chain: readonly Sealed[]): Promise<Uint8Array> {
  if (arrival.what === 'garbage') return arrival.bytes;
  const sealed = chain[arrival.of];
  if (sealed === undefined) throw new Error('no such proof');
  const receipt = (more: Partial<Receipt>, signer = verifier) => signReceipt(receiptFor(sealed.head, more), signer);
  switch (arrival.what) {
    case 'good':
      return receipt({ verdict: arrival.verdict });
    case 'other device':
      return receipt({ kid: new Uint8Array(32).fill(7) });
    case 'other signer':
      return receipt({}, stranger);
    case 'unknown proof':
      return receipt({ digest: new Uint8Array(32).fill(8) });
    case 'altered': {
      const bytes = await receipt({});
      const at = arrival.at % bytes.length;
      return bytes.with(at, (bytes[at] ?? 0) ^ (1 << arrival.bit));
    }
    default:
      return Buffer.concat([await receipt({}), new Uint8Array(MAX_STATEMENT)]);
  }
}

describe('whatever comes on the receipt topic, in whatever order', () => {
  it('only receipts that the verifier signed for a proof that waits let it go; all else is counted and harmless', async () => {
    const chain = await sealChain(PROOFS);
    await fc.assert(
      fc.asyncProperty(arrivals, async (all) => {
        const directory = mkdtempSync(join(tmpdir(), 'fieldseal-receipts-'));
        const log = keptLog();
        const outbox = new Outbox(outboxConfig({ directory }), { log, now: () => NOW });
        const line = new FakeLine();
        const stop = new AbortController();
        try {
          await outbox.open();
          for (const { message, head } of chain) await outbox.append(message, head);
          const config = { window: 16, receiptTimeout: 60_000, freshFirst: true };
          const uplink = new Uplink(config, mqttConfig('mqtt://127.0.0.1:1'), {
            ...{ connection: line, outbox, log },
            ...{ verifierKey: verifier.publicKey, publicKey: device.publicKey },
          });
          const running = uplink.run(stop.signal);
          await Promise.all(all.map(async (arrival) => line.bring(await bytesOf(arrival, chain))));
          stop.abort();
          await running;

          const good = all.filter(({ what }) => what === 'good');
          const settled = new Set(good.map((arrival) => ('of' in arrival ? arrival.of : -1)));
          expect([...outbox.pending()].map(({ seq }) => seq)).toEqual(
            chain.map((_, seq) => seq).filter((seq) => !settled.has(seq)),
          );
          expect(outbox.losses).toEqual([]);
          const { receipts, unknownReceipts, badAnswers } = uplink.stats;
          const sum = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);
          const unknown = all.filter(({ what }) => what === 'unknown proof').length;
          expect(sum(receipts)).toBe(settled.size);
          expect(unknownReceipts).toBe(good.length - settled.size + unknown);
          expect(sum(badAnswers)).toBe(all.length - good.length - unknown);
          expect(badAnswers['other-device'] ?? 0).toBe(all.filter(({ what }) => what === 'other device').length);
          expect(badAnswers['size'] ?? 0).toBeGreaterThanOrEqual(all.filter(({ what }) => what === 'huge').length);
          expect(log.lines.filter(({ level }) => level === 'error' || level === 'warn')).toEqual([]);
        } finally {
          stop.abort();
          await outbox.close();
          rmSync(directory, { recursive: true });
        }
      }),
      { numRuns: 60 },
    );
  });
});
