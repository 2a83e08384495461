export { type EvidenceParts, EvidenceRecorder } from './recorder.ts';
export { listSegments, readRange, type Segment } from './segments.ts';
