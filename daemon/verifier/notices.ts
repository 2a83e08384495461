import type { Log } from '../log.ts';
import { kidToText, type Reason } from '../proof/index.ts';
import type { Outcome } from './chain-keeper.ts';
import type { Finding } from './judge.ts';

/** Different notices remembered; then all are forgotten, and may be told once more. */
const MAX_TOLD = 10_000;

/** Reasons of verdicts that an operator should hear of. The rest is in the ledger and the metrics. */
const NOTEWORTHY: Readonly<Partial<Record<Reason, string>>> = {
  gap: 'proofs are missing',
  restart: 'device began another epoch',
  equivocation: 'device signed two histories',
  chain: 'device signed two histories',
  block: 'readings of a proof are damaged',
  root: 'readings of a proof are not the ones signed',
};

/** What the verifier says in its log: each thing once for each device, and after that at level debug. */
export class Notices {
  readonly #log: Log;
  readonly #told = new Set<string>();

  constructor(log: Log) {
    this.#log = log;
  }

  finding(finding: Finding): void {
    if (finding.kind === 'stranger') {
      this.#tell('info', 'a device that is not admitted publishes proofs', finding.kid, {});
    } else if (finding.kind === 'refused') {
      const { device, reason, detail } = finding;
      this.#tell('warn', 'message refused', device?.kid, { reason, detail });
    }
  }

  outcome({ kid, epoch, seq, verdict, reasons }: Outcome): void {
    if (verdict === 'duplicate') return;
    for (const reason of reasons) {
      const phrase = NOTEWORTHY[reason];
      const place = { reason, epoch: Buffer.from(epoch).toString('hex'), seq };
      if (phrase !== undefined) this.#tell('warn', phrase, kid, place);
    }
  }

  #tell(
    level: 'info' | 'warn',
    phrase: string,
    kid: Uint8Array | undefined,
    fields: { reason?: Reason; detail?: string },
  ): void {
    const device = kid === undefined ? undefined : kidToText(kid);
    const notice = `${phrase} ${device} ${fields.reason}`;
    const isNew = !this.#told.has(notice);
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(notice);
    this.#log[isNew ? level : 'debug']({ device, ...fields }, phrase);
  }
}
