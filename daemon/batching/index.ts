export { type Batch, Batcher, type BatcherSurroundings, type BatchLimits } from './batcher.ts';
export { Selection, type SelectionRules } from './selection.ts';
