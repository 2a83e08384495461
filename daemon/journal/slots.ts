import { join } from 'node:path';
import { type Frame, framesOf } from './frame.ts';
import type { SectorDisk, SectorFile } from './sector-disk.ts';

/** Bytes of a file of the journal: eight minutes of one receiver at ten fixes a second. */
export const SLOT_BYTES = 262_144;
/** Free files that are kept to be written over. */
const SPARE_SLOTS = 2;
const NAME = /^(\d{6})\.sectors$/;

/** A file of the journal. When all that lies in it is sealed, it is written over from its start. */
export interface Slot {
  readonly name: string;
  /** Positions of the readings in it: the least and the greatest. */
  first: number;
  last: number;
  /** The disk refused to write to it: nothing is written to it again. */
  spoilt: boolean;
}

/** The files of the journal. They are made once and then written over again and again, so that names and sizes stay as they are. */
export class Slots {
  readonly #disk: SectorDisk;
  readonly #folder: string;
  readonly #maxSlots: number;
  readonly #slots = new Map<string, Slot>();
  #current: { readonly slot: Slot; readonly file: SectorFile; offset: number } | undefined;
  #number = 0;

  constructor(disk: SectorDisk, folder: string, maxBytes: number) {
    this.#disk = disk;
    this.#folder = folder;
    this.#maxSlots = Math.max(2, Math.floor(maxBytes / SLOT_BYTES));
  }

  /** Bytes that the journal takes on the disk. */
  get bytes(): number {
    return this.#slots.size * SLOT_BYTES;
  }

  /** Bytes of a sector of the file that is being written; undefined where none is. */
  get sectorBytes(): number | undefined {
    return this.#current?.file.sectorBytes;
  }

  /** Lists the files and gives what is in each. One that cannot be read is spoilt. */
  async *find(): AsyncIterable<{ readonly slot: Slot; readonly frames: Iterable<Frame> }> {
    for (const name of (await this.#disk.list(this.#folder)).sort()) {
      const number = NAME.exec(name)?.[1];
      if (number === undefined) continue;
      this.#number = Math.max(this.#number, Number(number));
      const slot: Slot = { name, first: Number.POSITIVE_INFINITY, last: 0, spoilt: false };
      this.#slots.set(name, slot);
      try {
        const bytes = await this.#disk.read(join(this.#folder, name));
        // One that was being made when the power went has not its size.
        slot.spoilt = bytes.length !== SLOT_BYTES;
        yield { slot, frames: framesOf(bytes) };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error)) throw error;
        slot.spoilt = true;
        // Nobody knows what is in it: it stays, and the next start may be able to read it.
        slot.last = Number.POSITIVE_INFINITY;
      }
    }
  }

  /** The frames of all files that hold readings of these positions, in no order. @throws what the disk throws */
  async *framesWith(first: number, last: number): AsyncIterable<Frame> {
    for (const slot of [...this.#slots.values()]) {
      if (slot.first > last || slot.last < first) continue;
      yield* framesOf(await this.#disk.read(join(this.#folder, slot.name)));
    }
  }

  /** The greatest position in the file whose readings are the oldest that are not sealed; what to give up to make room. */
  oldest(sealed: number): number | undefined {
    const known = [...this.#slots.values()].filter(({ last }) => last > sealed && Number.isFinite(last));
    const lasts = known.map(({ last }) => last);
    return lasts.length === 0 ? undefined : Math.min(...lasts);
  }

  /** Whether the file that is being written has room. */
  hasRoom(bytes: number): boolean {
    return this.#current !== undefined && this.#current.offset + bytes <= SLOT_BYTES;
  }

  /** Goes over to another file; false where all are in use and no more may be made. @throws what the disk throws */
  async turn(sealed: number): Promise<boolean> {
    const isFree = (slot: Slot): boolean => !slot.spoilt && slot.last <= sealed && slot !== this.#current?.slot;
    let slot = [...this.#slots.values()].find(isFree);
    if (slot === undefined) {
      if (this.#slots.size >= this.#maxSlots) return false;
      slot = await this.#make();
    }
    const file = await this.#disk.open(join(this.#folder, slot.name));
    await this.close();
    slot.first = Number.POSITIVE_INFINITY;
    slot.last = 0;
    this.#current = { slot, file, offset: 0 };
    return true;
  }

  /** Writes whole sectors, durably; `turn` has made room for them. @throws what the disk throws: then the file is spoilt */
  async write(bytes: Uint8Array, first: number, last: number): Promise<void> {
    const current = this.#current;
    if (current === undefined) throw new Error('no file is being written');
    // Before the disk has it: what may lie there is not written over.
    current.slot.first = Math.min(current.slot.first, first);
    current.slot.last = Math.max(current.slot.last, last);
    await current.file.write(current.offset, bytes);
    current.offset += bytes.length;
  }

  /** Nothing is written any more to the file that is being written. */
  async spoil(): Promise<void> {
    if (this.#current === undefined) return;
    this.#current.slot.spoilt = true;
    await this.close();
  }

  /** Removes what is not needed: spoilt files and spare ones, of which nothing is left to be sealed. */
  async tidy(sealed: number): Promise<void> {
    let spare = 0;
    for (const slot of [...this.#slots.values()]) {
      if (slot.last > sealed || slot === this.#current?.slot) continue;
      if (!slot.spoilt) spare += 1;
      if (!slot.spoilt && spare <= SPARE_SLOTS) continue;
      await this.#disk.remove(join(this.#folder, slot.name));
      this.#slots.delete(slot.name);
    }
  }

  async close(): Promise<void> {
    const file = this.#current?.file;
    this.#current = undefined;
    await file?.close();
  }

  async #make(): Promise<Slot> {
    await this.#disk.makeFolder(this.#folder);
    this.#number += 1;
    const name = `${String(this.#number).padStart(6, '0')}.sectors`;
    const slot: Slot = { name, first: Number.POSITIVE_INFINITY, last: 0, spoilt: true };
    // In the list before it is made: whatever comes of it, it is removed one day.
    this.#slots.set(name, slot);
    await this.#disk.create(join(this.#folder, name), SLOT_BYTES);
    slot.spoilt = false;
    return slot;
  }
}
