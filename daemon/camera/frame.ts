import type { Fields } from '../readings/index.ts';
import type { SeenFile } from './file-mark.ts';
import type { FileType } from './file-types.ts';
import type { RememberedFix } from './fix-history.ts';

const MAX_TIME = 253_402_300_799_999;
const MAX_NAME_BYTES = 1_024;

/** A camera.frame's fields. The file is of `at`, by the gateway's timeline; its own time stays as the file system has it. */
export function frameFields(
  file: SeenFile,
  {
    sha256,
    type,
    fix,
    sequence,
    at,
  }: { sha256: Uint8Array; type: FileType; fix: RememberedFix | undefined; sequence: number; at: number },
): Fields<'camera.frame'> {
  return {
    name: endOf(file.name),
    size: file.size,
    sha256,
    type,
    ...(file.modified >= 0 && file.modified <= MAX_TIME ? { modified: file.modified } : {}),
    ...(fix === undefined ? {} : fixFields(fix, at)),
    sequence,
  };
}

type FixFields = Pick<Fields<'camera.frame'>, 'fixTime' | 'lat' | 'lon' | 'altMSL' | 'speed' | 'track' | 'fixAge'>;

function fixFields({ t, fields }: RememberedFix, at: number): FixFields {
  const { time, lat, lon, altMSL, speed, track } = fields;
  return {
    ...(time === undefined ? {} : { fixTime: time }),
    ...(lat === undefined ? {} : { lat }),
    ...(lon === undefined ? {} : { lon }),
    ...(altMSL === undefined ? {} : { altMSL }),
    ...(speed === undefined ? {} : { speed }),
    ...(track === undefined ? {} : { track }),
    fixAge: Math.abs(t - at),
  };
}

/** As many characters of the end of a path as fit the kind's field: the file's own name is always whole. */
export function endOf(name: string): string {
  let text = name;
  while (Buffer.byteLength(text) > MAX_NAME_BYTES) text = [...text].slice(Math.max(1, text.length >> 4)).join('');
  return text;
}
