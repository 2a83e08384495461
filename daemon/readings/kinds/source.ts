import type { KindSpec } from '../field.ts';
import { bytes, int } from './fields.ts';

export const SOURCE_KINDS = {
  'source.evidence': {
    number: 16,
    about:
      'Where the raw bytes of a source stand: a running hash, so that an auditor can ask for the bytes behind a reading.',
    required: ['offset', 'sha256'],
    fields: {
      offset: int(
        1,
        'B',
        0,
        0,
        Number.MAX_SAFE_INTEGER,
        'Bytes of the source so far, since its first byte was recorded',
      ),
      sha256: bytes(2, 32, 'SHA-256 of the bytes from `from` to `offset`'),
      from: int(3, 'B', 0, 0, Number.MAX_SAFE_INTEGER, 'Where the hashed bytes begin'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
