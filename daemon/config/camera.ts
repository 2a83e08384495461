import { z } from 'zod';
import { duration } from './units.ts';

/** A folder into which a camera writes its images and clips. */
export const cameraSchema = z.strictObject({
  /** The name that its readings carry. */
  source: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not a name of up to 32 small letters, digits and hyphens'),
  folder: z.string().min(1),
  /** A file that did not change for so long is finished. */
  settle: duration({ min: '100ms', max: '1h' }).prefault('2s'),
  /** A fix further than this from a file's time is not the fix at that time. */
  maxFixAge: duration({ max: '1h' }).prefault('10s'),
  /** Endings of the files that count, without the dot; by default those of common images and clips. */
  types: z
    .array(z.string().regex(/^[a-z0-9]{1,12}$/, 'is not an ending of small letters and digits, such as "mp4"'))
    .min(1)
    .optional(),
  /** The file that remembers what is sealed; by default camera-SOURCE.journal beside the outbox. */
  state: z.string().min(1).optional(),
});

export type CameraConfig = z.output<typeof cameraSchema>;
