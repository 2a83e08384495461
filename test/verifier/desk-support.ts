import type { MessageProperties } from '../../daemon/broker/index.ts';
import type { Outcome } from '../../daemon/verifier/chain-keeper.ts';
import { Desk } from '../../daemon/verifier/desk.ts';
import type { Ledger } from '../../daemon/verifier/index.ts';
import { Judge } from '../../daemon/verifier/judge.ts';
import { VerifierMetrics } from '../../daemon/verifier/metrics.ts';
import { NonceIssuer } from '../../daemon/verifier/nonces.ts';
import { Notices } from '../../daemon/verifier/notices.ts';
import { keptLog } from '../support/kept-log.ts';
import { type Sealed, T0, type TestDevice, verifierConfig } from './support.ts';

/** A desk over a real ledger whose receipts are kept instead of signed. */
export class DeskUnderTest {
  readonly metrics = new VerifierMetrics({ held: () => 0, connected: () => true });
  readonly nonces: NonceIssuer;
  readonly log = keptLog();
  readonly desk: Desk;
  readonly receipts: { outcome: Outcome; asked: MessageProperties }[] = [];
  now = T0 + 10_000;

  constructor(ledger: Ledger, more: { maxHeld?: number } = {}) {
    const { checks } = verifierConfig('unused');
    this.nonces = new NonceIssuer(ledger.secret('nonces'), checks.nonceLifetime);
    this.desk = new Desk({
      ledger,
      judge: new Judge(ledger, this.nonces, checks),
      metrics: this.metrics,
      receipts: {
        write: async (outcome, asked = {}) => {
          this.receipts.push({ outcome, asked });
        },
      },
      notices: new Notices(this.log),
      onVerdict: () => {},
      ...more,
    });
  }

  /** Brings a message on a device's topic; resolves to the receipts that it brings about, as [seq, verdict, reasons]. */
  async bring(
    device: Pick<TestDevice, 'kid'>,
    sealed: Pick<Sealed, 'message'>,
  ): Promise<(readonly [number, string, readonly string[]])[]> {
    await this.desk.take({ kid: device.kid, message: sealed.message, received: this.now }, {});
    return this.taken();
  }

  taken(): (readonly [number, string, readonly string[]])[] {
    return this.receipts.splice(0).map(({ outcome }) => [outcome.seq, outcome.verdict, outcome.reasons] as const);
  }
}
