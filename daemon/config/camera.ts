import { z } from 'zod';
import { duration } from './units.ts';

const settle = duration({ min: '100ms', max: '1h' });
const maxFixAge = duration({ max: '1h' });
const types = z
  .array(z.string().regex(/^[a-z0-9]{1,12}$/, 'is not an ending of small letters and digits, such as "mp4"'))
  .min(1);

/** How a camera's folder is watched: the part of a camera's device profile. */
export const cameraFolderSchema = z.strictObject({
  settle: settle.prefault('2s').describe('A file that did not change for so long is finished'),
  maxFixAge: maxFixAge
    .prefault('10s')
    .describe("A fix further than this from a file's time is not the fix at that time"),
  types: types
    .exactOptional()
    .describe('Endings that count, without the dot; left out, those of common images and clips'),
});

/** The profile of a camera that names none. */
export const CAMERA_PROFILE = 'dashcam/camera-folder';

/** A folder into which a camera writes its images and clips. What is left out here is the profile's. */
export const cameraSchema = z.strictObject({
  /** The name that its readings carry. */
  source: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'is not a name of up to 32 small letters, digits and hyphens'),
  folder: z.string().min(1),
  profile: z.string().min(1).default(CAMERA_PROFILE),
  settle: settle.exactOptional(),
  maxFixAge: maxFixAge.exactOptional(),
  types: types.exactOptional(),
  /** The file that remembers what is sealed; by default camera-SOURCE.journal beside the outbox. */
  state: z.string().min(1).optional(),
});

/** A camera with everything that its profile adds. */
export type CameraConfig = Omit<z.output<typeof cameraSchema>, 'profile'> & z.output<typeof cameraFolderSchema>;
