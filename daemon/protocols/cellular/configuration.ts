import type { Exchange } from '../at/dialogue.ts';
import type { ConfigurationState, DeviceConfiguration } from '../protocol.ts';

/** A line that the modem refuses or does not answer is sent so often. */
const MAX_SENDS = 4;

/** What a profile has a modem told at each opening: AT command lines, each to be answered OK (ITU-T V.250, section 5.7). */
export class ModemConfiguration {
  readonly #lines: readonly string[];
  /** Lines without a result, with how often they were sent. */
  readonly #open = new Map<string, number>();
  #failures: string[] = [];
  #begun = false;

  constructor(lines: readonly string[] = []) {
    this.#lines = lines;
  }

  /** Undefined where nothing is to be told. */
  get state(): ConfigurationState | undefined {
    if (this.#lines.length === 0) return undefined;
    if (!this.#begun || this.#open.size > 0) return 'pending';
    return this.#failures.length > 0 ? 'failed' : 'done';
  }

  /** Lines that were refused, with the modem's word for why. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  /** The lines, to be sent from the first on. */
  begin(): readonly string[] {
    this.#begun = true;
    this.#failures = [];
    for (const line of this.#lines) this.#open.set(line, 0);
    return this.#lines;
  }

  /** Learns from an exchange. Gives the line back that has to be sent again. */
  learn({ command, outcome, error }: Exchange): string | undefined {
    const sends = this.#open.get(command);
    if (sends === undefined) return undefined;
    if (outcome !== 'ok' && sends + 1 < MAX_SENDS) {
      this.#open.set(command, sends + 1);
      return command;
    }
    this.#open.delete(command);
    if (outcome !== 'ok') this.#failures.push(`${command}: ${error ?? outcome}`);
    return undefined;
  }
}

/** What cannot be told to a modem; empty for a configuration that can. */
export function problemsOf({ lines = [], ...others }: DeviceConfiguration): string[] {
  const foreign = Object.keys(others).map((part) => `${part} is not for modems: write lines`);
  return [...foreign, ...lines.filter((line) => !/^AT/i.test(line)).map((line) => `${line} is no AT command`)];
}
