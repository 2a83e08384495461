export { LossBook } from './loss-book.ts';
export { type ChainStart, Sealer, type SealerParts, type SealerStats } from './sealer.ts';
