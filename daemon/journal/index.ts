export { Journal, type JournalOptions, type JournalStatus, type Recovery } from './journal.ts';
export type { Gap, KeptBatch } from './recovery.ts';
export { nodeSectorDisk, type SectorDisk, type SectorFile } from './sector-disk.ts';
