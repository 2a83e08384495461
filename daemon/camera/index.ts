export { CameraFolder, type CameraHooks, type CameraStats } from './camera-folder.ts';
export type { FixReading } from './fix-history.ts';
export { hashFile } from './hash-file.ts';
export { type FrameReading, Underway } from './underway.ts';
