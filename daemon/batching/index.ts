export { type Batch, Batcher, type BatcherSurroundings, type BatchLimits } from './batcher.ts';
