/** Names that are counted by themselves; a wire full of nonsense that passes its checksum is counted as "other". */
const MAX_NAMES = 512;

/** Counts messages by name, without making a text for each of them. */
export class MessageCounter {
  readonly #names: string[] = [];
  readonly #counts: number[] = [];
  readonly #byCode = new Map<number, number>();
  readonly #byName = new Map<string, number>();

  /** Counts a message by a number that stands for its name; `nameOf` is asked once for each number. */
  count(code: number, nameOf: (code: number) => string): void {
    let slot = this.#byCode.get(code);
    if (slot === undefined) {
      const isRoom = this.#names.length < MAX_NAMES;
      slot = this.#slot(isRoom ? nameOf(code) : 'other');
      if (isRoom) this.#byCode.set(code, slot);
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  countText(name: string): void {
    const slot = this.#slot(name);
    this.#counts[slot] = (this.#counts[slot] ?? 0) + 1;
  }

  /** The counts by name, in the order of their first appearance. */
  totals(): Record<string, number> {
    return Object.fromEntries(this.#names.map((name, slot) => [name, this.#counts[slot] ?? 0]));
  }

  #slot(wanted: string): number {
    const name = this.#byName.has(wanted) || this.#names.length < MAX_NAMES ? wanted : 'other';
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#names.push(name);
    this.#byName.set(name, this.#names.length - 1);
    return this.#names.length - 1;
  }
}
