import type { Log } from '../log.ts';
import type { ChainHead, ChainStart, ClockState, DigestSigner, Loss, ProofSource, Software } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';

/** A signed proof on its way to the disk. */
export interface SealedProof {
  /** As it is published. */
  readonly message: Uint8Array;
  readonly head: ChainHead;
  /** The losses that it declares. */
  readonly declared: readonly Loss[];
  readonly readings: number;
  /** Every reading up to this position is sealed with it; undefined where it has no readings. */
  readonly position: number | undefined;
}

/** Where readings are kept until they are sealed, beyond the life of the process; the journal. */
export interface ReadingKeeper {
  /** Whether it takes nothing more before some are given up. */
  readonly isFull: boolean;
  /** While it is full: the position up to which readings have to be given up. */
  readonly fullUpTo: number | undefined;
  add(position: number, reading: Reading): void;
  /** Whether all readings of these positions are on the disk. */
  keeps(first: number, last: number): boolean;
  /** Reads readings back, in order; those that can't be read are left out. */
  read(first: number, last: number): Promise<readonly Reading[]>;
  /** All readings up to a position were dated anew. */
  dateBack(upTo: number, deltaMs: number): void;
  /** Brings to the disk what was added. Says whether that is so. */
  sync(): Promise<boolean>;
}

/** What the sealer works with; the composition root gives it. */
export interface SealerParts {
  readonly signer: DigestSigner;
  /** Where the next proof continues; asked before each. */
  readonly chain: () => ChainStart;
  /**
   * Puts a signed proof, of these readings, at the end of the chain. `again`: it is nowhere, and the readings have to be sealed
   * anew.
   */
  readonly store: (proof: SealedProof, readings: readonly Reading[]) => Promise<'stored' | 'held' | 'again'>;
  /** Losses that are written down and that no stored proof declares yet. */
  readonly losses: () => readonly Loss[];
  /** Writes a loss down durably; with it, that every reading up to `position` is sealed or declared. */
  readonly noteLoss: (loss: Loss, position: number) => Promise<void>;
  /** Left out where readings are kept in memory alone. */
  readonly keeper?: ReadingKeeper;
  /** Which readings go where more wait than can be kept. */
  readonly drop?: 'oldest' | 'newest';
  readonly sources: readonly ProofSource[];
  readonly clock: {
    now(): number;
    monotonicNow(): number;
    state(): ClockState;
    /** Whether the time may yet become known soon: then what is read waits for it. */
    readonly awaited?: boolean;
  };
  readonly software: Software;
  readonly log: Log;
}

/** Running totals of the sealer; the numbers only grow, but for the last two. */
export interface SealerStats {
  proofs: number;
  readings: number;
  signFailures: number;
  /** Loss records in proofs, by reason. */
  readonly losses: Partial<Record<Loss['reason'], number>>;
  /** Readings that wait to be sealed. */
  waiting: number;
  /** What the token last refused with; undefined while it signs. */
  trouble: string | undefined;
}
