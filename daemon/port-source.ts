import { Selection } from './batching/index.ts';
import type { Clock } from './clock/index.ts';
import type { PortConfig } from './config/index.ts';
import type { SourceStatus } from './health/index.ts';
import type { Log } from './log.ts';
import type { DeviceProfile } from './profiles/index.ts';
import type { Loss } from './proof/index.ts';
import { type Decoder, findProtocol } from './protocols/index.ts';
import type { KindName, Observation, Reading } from './readings/index.ts';
import { PortSupervisor } from './serial/index.ts';
import { RELEASED } from './version.ts';

export interface PortSourceHooks {
  onReading(reading: Reading): void;
  onLoss(loss: Loss): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** One configured port from its bytes to its readings: supervised, decoded, and thinned to what the profile keeps. */
export class PortSource {
  readonly #port: PortConfig;
  readonly #hooks: PortSourceHooks;
  readonly #supervisor: PortSupervisor;
  readonly #decoder: Decoder;
  readonly #selection: Selection;
  readonly #kept: Partial<Record<KindName, number>> = {};

  constructor(port: PortConfig, profile: DeviceProfile, hooks: PortSourceHooks) {
    const protocol = findProtocol(profile.protocol);
    if (protocol === undefined) throw new Error(`a validated profile names the unknown protocol ${profile.protocol}`);
    this.#port = port;
    this.#hooks = hooks;
    // A gateway without a battery-backed clock starts in 1970; no reading is older than this program.
    this.#decoder = protocol.createDecoder({ referenceTime: Math.max(hooks.clock.now(), RELEASED) });
    this.#selection = new Selection(profile.readings);
    this.#supervisor = new PortSupervisor(
      {
        source: port.source,
        path: port.path,
        baudRates: profile.serial.baudRates,
        silenceMs: profile.serial.silence,
        now: hooks.clock.now,
      },
      {
        onBytes: (chunk, t) => this.#feed(chunk, t),
        onQuiet: (t) => this.#take(this.#decoder.quiet(t)),
        onOverflow: (_bytes, t) => hooks.onLoss({ reason: 'source-overflow', count: 0, from: t, to: t }),
        log: hooks.log,
      },
    );
  }

  /** Reads the port until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#supervisor.run(signal);
    this.#take(this.#decoder.end(this.#hooks.clock.now()));
  }

  status(): SourceStatus {
    const { state, bytes, reopens, overflow } = this.#supervisor.stats;
    const { frames, noise, frameBytes } = this.#decoder.stats;
    return {
      source: this.#port.source,
      state,
      bytes,
      frames,
      noise,
      frameBytes,
      readings: this.#kept,
      reopens: Object.values(reopens).reduce((sum, count) => sum + count, 0),
      overflowBytes: overflow,
    };
  }

  #feed(chunk: Uint8Array, t: number): { frames: number } {
    const before = this.#decoder.frameCount;
    this.#take(this.#decoder.push(chunk, t));
    return { frames: this.#decoder.frameCount - before };
  }

  #take(observations: readonly Observation[]): void {
    const { source } = this.#port;
    for (const observation of observations) {
      if (observation.kind === 'gnss.fix' && observation.fields.mode >= 2 && observation.fields.time !== undefined) {
        this.#hooks.clock.observeGnss(observation.fields.time, observation.t);
      }
      if (!this.#selection.keeps(observation)) continue;
      this.#kept[observation.kind] = (this.#kept[observation.kind] ?? 0) + 1;
      this.#hooks.onReading({ ...observation, source });
    }
  }
}
