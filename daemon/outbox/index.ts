export { headOf, type OutboxEntry } from './entry.ts';
export { type FileSystem, nodeFileSystem, type WrittenFile } from './file-system.ts';
export { findHolder } from './lock.ts';
export type { OutboxOpening } from './opening.ts';
export {
  Outbox,
  type OutboxHealth,
  type OutboxOptions,
  type SealedAt,
} from './outbox.ts';
export type { Appended, OutboxStats } from './stock.ts';
