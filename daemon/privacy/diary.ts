import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FieldsealError, reasonOf } from '../errors.ts';
import { writeDurably } from '../files.ts';

/** When a run last wrote that this is all it knows. */
export interface Affirmation {
  /** Milliseconds since the Unix epoch. */
  readonly t: number;
  /** The boot, in hexadecimal, and the milliseconds since it. */
  readonly boot: string;
  readonly sinceBootMs: number;
}

/** A time, in ms since the Unix epoch, in which the gateway was or may have been within a zone; open-ended while it is. */
export interface HiddenTime {
  readonly from: number;
  readonly to?: number | undefined;
}

/** What was known of hidden times. */
export interface Entries {
  readonly times: HiddenTime[];
  /** Undefined where the run has ended in good order: it knew no more. */
  readonly affirmed?: Affirmation | undefined;
}

const time = z.int().nonnegative();
const schema = z.strictObject({
  version: z.literal(1),
  hidden: z.array(z.union([z.tuple([time, time]), z.tuple([time])])),
  affirmed: z.strictObject({ t: time, boot: z.string(), sinceBootMs: z.number() }).optional(),
});

/** Keeps hidden times over a restart. Nothing in it says where a zone is. */
export class Diary {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** What was kept; undefined where nothing was, or nothing that makes sense. @throws FieldsealError FILE_NOT_READABLE */
  async load(): Promise<Entries | undefined> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: this.#file, cause });
    }
    const { data } = schema.safeParse(parse(text));
    return data && { times: data.hidden.map(([from, to]) => ({ from, to })), affirmed: data.affirmed };
  }

  /** @throws the system's error; what was kept before is still there then */
  async save({ times, affirmed }: Entries): Promise<void> {
    const hidden = times.map(({ from, to }) => (to === undefined ? [from] : [from, to]));
    await writeDurably(this.#file, `${JSON.stringify({ version: 1, hidden, affirmed })}\n`, 0o600);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
