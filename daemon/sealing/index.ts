export { LossBook } from './loss-book.ts';
export { type ChainStart, type SealedProof, Sealer, type SealerParts, type SealerStats } from './sealer.ts';
