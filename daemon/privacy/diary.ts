import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { FieldsealError, reasonOf } from '../errors.ts';
import { writeDurably } from '../files.ts';

/** A time, in ms since the Unix epoch, in which the gateway was or may have been within a zone; open-ended while it is. */
export interface HiddenTime {
  readonly from: number;
  readonly to?: number | undefined;
}

const time = z.int().nonnegative();
const schema = z.strictObject({
  version: z.literal(1),
  hidden: z.array(z.union([z.tuple([time, time]), z.tuple([time])])),
});

/** Keeps hidden times over a restart. Nothing in it says where a zone is. */
export class Diary {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** What was kept; undefined where nothing was, or nothing that can be read. */
  async load(): Promise<HiddenTime[] | undefined> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw new FieldsealError('FILE_NOT_READABLE', { detail: reasonOf(cause), place: this.#file, cause });
    }
    const { data } = schema.safeParse(parse(text));
    return data?.hidden.map(([from, to]) => ({ from, to }));
  }

  /** @throws FieldsealError FILE_NOT_WRITABLE */
  async save(times: readonly HiddenTime[]): Promise<void> {
    const hidden = times.map(({ from, to }) => (to === undefined ? [from] : [from, to]));
    try {
      await writeDurably(this.#file, `${JSON.stringify({ version: 1, hidden })}\n`, 0o600);
    } catch (cause) {
      throw new FieldsealError('FILE_NOT_WRITABLE', { detail: reasonOf(cause), place: this.#file, cause });
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
