export { LossBook } from './loss-book.ts';
export type { ReadingKeeper, SealedProof, SealerParts, SealerStats } from './parts.ts';
export { Sealer } from './sealer.ts';
export type { WaitingBatch } from './waiting.ts';
