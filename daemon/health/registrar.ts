import { Counter, Gauge, type Registry } from 'prom-client';

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [value: number, labels?: Labels];

/** Registers metrics whose samples are taken at each scrape; every name begins with fieldseal_. */
export class Registrar {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** A gauge without a value has no sample. */
  gauge(name: string, help: string, value: () => number | undefined): void {
    this.#register(Gauge, name, help, [], () => {
      const now = value();
      return now === undefined ? [] : [[now]];
    });
  }

  /** @param value undefined where there is nothing to count: no sample then */
  counter(name: string, help: string, value: () => number | undefined): void {
    this.#register(Counter, name, help, [], () => {
      const now = value();
      return now === undefined ? [] : [[now]];
    });
  }

  gauges(name: string, help: string, labels: string[], samples: () => Iterable<Sample>): void {
    this.#register(Gauge, name, help, labels, samples);
  }

  counters(name: string, help: string, labels: string[], samples: () => Iterable<Sample>): void {
    this.#register(Counter, name, help, labels, samples);
  }

  #register(
    Metric: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    labelNames: string[],
    samples: () => Iterable<Sample>,
  ): void {
    new Metric({
      name: `fieldseal_${name}`,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        // A metric without labels is 0 after a reset, though nobody said so.
        if (labelNames.length === 0) this.remove();
        for (const [value, labels] of samples()) {
          if (labels === undefined) this.inc(value);
          else this.inc(labels, value);
        }
      },
    });
  }
}

/** One sample for each count, named by the label. */
export const by = (label: string, counts: Readonly<Partial<Record<string, number>>>): Sample[] =>
  Object.entries(counts).map(([name, count]) => [count ?? 0, { [label]: name }]);

/** 1 for yes, 0 for no, nothing for what is not known. */
export const flag = (is: boolean | undefined): number | undefined => (is === undefined ? undefined : is ? 1 : 0);
