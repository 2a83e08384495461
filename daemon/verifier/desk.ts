import type { MessageProperties } from '../broker/index.ts';
import { ChainKeeper, type Outcome } from './chain-keeper.ts';
import type { Arrival, Finding, Judge } from './judge.ts';
import { GroupCommit } from './ledger/group-commit.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { VerifierMetrics } from './metrics.ts';
import type { Notices } from './notices.ts';
import type { ReceiptWriter } from './receipts.ts';

export interface DeskSurroundings {
  readonly ledger: Ledger;
  readonly judge: Judge;
  readonly metrics: VerifierMetrics;
  readonly receipts: Pick<ReceiptWriter, 'write'>;
  readonly notices: Notices;
  readonly onVerdict: (outcome: Outcome) => void;
  /** Proofs of a chain that are held for their predecessors, at most. */
  readonly maxHeld?: number;
}

/** Takes one message from its arrival to its verdict on the disk, then asks for the receipts. */
export class Desk {
  readonly #around: DeskSurroundings;
  readonly #keeper: ChainKeeper;
  readonly #commits: GroupCommit;

  constructor(around: DeskSurroundings) {
    this.#around = around;
    this.#keeper = new ChainKeeper(around.ledger, around.maxHeld);
    this.#commits = new GroupCommit(around.ledger, (size) => around.metrics.commit(size));
  }

  /** Resolves when the verdict is on the disk and its receipt is on its way; then the broker may forget the message. */
  async take(arrival: Arrival, properties: MessageProperties): Promise<void> {
    const { judge, metrics } = this.#around;
    const began = performance.now();
    const finding = judge.judge(arrival);
    const outcomes = await this.#commits.run(() => this.#enter(finding, arrival));
    metrics.message((performance.now() - began) / 1_000);
    this.#count(finding);
    this.#around.notices.finding(finding);
    const own = finding.kind === 'signed' ? finding.proof.digest : undefined;
    const isOwn = (digest: Uint8Array) => own !== undefined && Buffer.compare(own, digest) === 0;
    await this.#answer(outcomes, (digest) => (isOwn(digest) ? properties : {}));
  }

  /** Counts a message that came on no device's topic. */
  turnAway(): void {
    this.#around.metrics.refusal('topic');
  }

  /** Judges what was held since before `since` while its chain stood still, and no shorter than the connection lasts. In ms. */
  async giveUpGaps(since: number, connectedAt: number, now: number): Promise<void> {
    const { ledger } = this.#around;
    const due = ledger
      .read(() => ledger.chains.waiting())
      .filter((chain) => Math.max(chain.since, connectedAt) <= since);
    if (due.length === 0) return;
    const outcomes = await this.#commits.run(() => due.flatMap((chain) => this.#keeper.giveUpGap(chain, now)));
    await this.#answer(outcomes, () => ({}));
  }

  #enter(finding: Finding, { message, received }: Arrival): Outcome[] {
    const { refusals } = this.#around.ledger;
    switch (finding.kind) {
      case 'stranger':
        refusals.knock(finding.kid, received);
        return [];
      case 'refused': {
        const { device, reason, detail, answer } = finding;
        if (device !== undefined) refusals.refuse(device.id, reason, detail, received);
        if (answer === undefined) return [];
        const { kid, digest } = answer;
        const { epoch, seq } = answer.payload;
        return [{ kid, epoch, seq, digest, verdict: 'rejected', reasons: [reason], received }];
      }
      case 'signed':
        return this.#keeper.enter({ ...finding, message, received });
    }
  }

  #count(finding: Finding): void {
    const { metrics } = this.#around;
    if (finding.kind !== 'signed') metrics.refusal(finding.reason);
    else for (const { kind } of finding.contents?.readings ?? []) metrics.reading(kind);
  }

  async #answer(outcomes: readonly Outcome[], asked: (digest: Uint8Array) => MessageProperties): Promise<void> {
    const { metrics, notices, receipts, onVerdict } = this.#around;
    for (const outcome of outcomes) {
      metrics.verdict(outcome);
      notices.outcome(outcome);
      onVerdict(outcome);
      await receipts.write(outcome, asked(outcome.digest));
    }
  }
}
