export { headOf, type OutboxEntry } from './entry.ts';
export { type FileSystem, nodeFileSystem } from './file-system.ts';
export { Outbox, type OutboxOpening, type OutboxOptions, type OutboxStats } from './outbox.ts';
