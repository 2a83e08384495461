import type { KindSpec } from '../field.ts';
import { altitude, bytes, choice, count, int, latitude, longitude, text, time } from './fields.ts';

export const CAMERA_KINDS = {
  'camera.frame': {
    number: 13,
    about: 'A finished image or clip file, by its hash, with the fix at its time. The file itself stays where it is.',
    required: ['name', 'size', 'sha256'],
    fields: {
      name: text(1, 1_024, 'Path of the file below the camera folder; of a longer one its end'),
      size: int(2, 'B', 0, 0, Number.MAX_SAFE_INTEGER, 'Size of the file'),
      sha256: bytes(3, 32, 'SHA-256 of the file'),
      type: choice(4, ['other', 'image', 'clip'], 'What the file is, by its ending'),
      modified: time(5, "The file's modification time"),
      fixTime: time(6, 'UTC time of the fix'),
      lat: latitude(7),
      lon: longitude(8),
      altMSL: altitude(9, 'Altitude above mean sea level'),
      speed: int(10, 'm/s', 3, 0, 100_000_000, 'Speed over ground'),
      track: int(11, 'deg', 5, 0, 36_000_000, 'Course over ground from true north'),
      fixAge: int(12, 's', 3, 0, 4_294_967_295, "How far the fix's time is from the file's"),
      sequence: count(13, 4_294_967_295, 'Number of the file since the daemon started'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
