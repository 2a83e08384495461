import { Selection } from './batching/index.ts';
import type { Clock } from './clock/index.ts';
import type { PortConfig } from './config/index.ts';
import { EvidenceRecorder } from './evidence/index.ts';
import type { SourceStatus } from './health/index.ts';
import type { Log } from './log.ts';
import { type DeviceProfile, Plausibility } from './profiles/index.ts';
import type { Loss } from './proof/index.ts';
import type { BeaconRequest, CreateDecoder, Decoder, DecoderOptions, DecoderStats } from './protocols/index.ts';
import type { KindName, Observation, Reading } from './readings/index.ts';
import { mediumOf, type PortOptions, PortSupervisor } from './serial/index.ts';
import { RELEASED } from './version.ts';

export interface PortSourceHooks {
  onReading(reading: Reading): void;
  onLoss(loss: Loss): void;
  /** The port is open (again). */
  onOpen?(): void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A port, with what reads it. */
export interface PortParts {
  readonly port: PortConfig;
  readonly profile: DeviceProfile;
  readonly createDecoder: CreateDecoder;
}

/**
 * One configured port from its bytes to its readings: supervised, decoded, and thinned to what the profile keeps. Up to there its
 * times are the clock's stamps, so that a clock being set disturbs no decoder; a reading that is kept gets its date.
 */
export class PortSource {
  readonly #port: PortConfig;
  readonly #hooks: PortSourceHooks;
  readonly #supervisor: PortSupervisor;
  readonly #decoder: Decoder;
  readonly #selection: Selection;
  readonly #plausibility: Plausibility;
  readonly #evidence: EvidenceRecorder | undefined;
  readonly #kept: Partial<Record<KindName, number>> = {};
  #implausible = 0;
  #configured: DecoderStats['configured'];

  constructor({ port, profile, createDecoder }: PortParts, hooks: PortSourceHooks) {
    this.#port = port;
    this.#hooks = hooks;
    this.#selection = new Selection(profile.readings);
    this.#plausibility = new Plausibility(profile.plausible);
    this.#supervisor = new PortSupervisor(
      { source: port.source, path: port.path, ...portOptions(port.path, profile), now: hooks.clock.stamp },
      {
        onBytes: (chunk, t, peer) => this.#feed(chunk, t, peer),
        onQuiet: (t) => this.#take(this.#decoder.quiet(t)),
        onOpen: (t) => {
          hooks.onOpen?.();
          this.#take(this.#decoder.opened?.(t));
        },
        onTick: (t) => {
          this.#take(this.#decoder.tick?.(t));
          this.#tellConfiguration();
        },
        onOverflow: (_bytes, t) => this.#declareOverflow(t),
        log: hooks.log,
      },
    );
    const options = decoderOptions(port.path, profile, hooks.clock.now(), (bytes, peer) =>
      this.#supervisor.send(bytes, peer),
    );
    this.#decoder = createDecoder(options);
    if (port.evidence === undefined) return;
    this.#evidence = new EvidenceRecorder(port.evidence, {
      source: port.source,
      onObservation: (observation) => this.#keep(observation),
      now: hooks.clock.now,
      log: hooks.log,
    });
  }

  /**
   * Reads the port until the signal.
   *
   * @throws FieldsealError FILE_NOT_WRITABLE or FILE_NOT_READABLE where raw evidence has a place that an operator has to mend
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#evidence?.open();
    const read = new AbortController();
    await Promise.all([this.#read(signal).finally(() => read.abort()), this.#evidence?.run(read.signal)]);
  }

  async #read(signal: AbortSignal): Promise<void> {
    await this.#supervisor.run(signal);
    this.#take(this.#decoder.end(this.#hooks.clock.stamp()));
  }

  get source(): string {
    return this.#port.source;
  }

  /** As the supervisor tells it. */
  get turnedAt(): number | undefined {
    return this.#supervisor.turnedAt;
  }

  /** Asks the radio to transmit; false where it is none, or can't now. What was sent comes as a lora.beacon reading. */
  transmit(beacon: BeaconRequest): boolean {
    return this.#decoder.transmit?.(beacon, this.#hooks.clock.stamp()) ?? false;
  }

  status(): SourceStatus {
    const { state, bytes, reopens, overflow, sent, sendFailures } = this.#supervisor.stats;
    const { frames, frameBytes, noise, configured, configureFailures } = this.#decoder.stats;
    return {
      source: this.#port.source,
      state,
      bytes,
      frames,
      frameBytes,
      noise,
      readings: this.#kept,
      reopens: Object.values(reopens).reduce((sum, count) => sum + count, 0),
      overflowBytes: overflow,
      implausible: this.#implausible,
      sent,
      sendFailures,
      configured,
      configureFailures,
      evidenceLostBytes: this.#evidence?.lostBytes,
      trouble: this.#evidence?.trouble,
    };
  }

  #feed(chunk: Uint8Array, t: number, peer: string | undefined): { frames: number } {
    this.#evidence?.record(chunk);
    const before = this.#decoder.frameCount;
    this.#take(this.#decoder.push(chunk, t, peer));
    return { frames: this.#decoder.frameCount - before };
  }

  #take(observations: readonly Observation[] = []): void {
    for (const observation of observations) {
      if (observation.kind === 'gnss.fix' && observation.fields.mode >= 2 && observation.fields.time !== undefined) {
        this.#observeTime(observation.fields.time, observation.t);
      }
      if (!this.#selection.keeps(observation)) continue;
      if (!this.#plausibility.holds(observation)) this.#implausible += 1;
      this.#keep({ ...observation, t: this.#hooks.clock.dated(observation.t) });
    }
  }

  /** A recording tells the time of when it was made, and a network delays it nobody knows how long. */
  #observeTime(time: number, stamp: number): void {
    if (mediumOf(this.#port.path) === 'serial') this.#hooks.clock.observeGnss(this.#port.source, time, stamp);
  }

  #declareOverflow(stamp: number): void {
    const t = this.#hooks.clock.dated(stamp);
    this.#hooks.onLoss({ reason: 'source-overflow', count: 0, from: t, to: t });
  }

  /** A device that does not take its configuration is read all the same; the operator hears of it, once. */
  #tellConfiguration(): void {
    if (this.#decoder.tick === undefined) return;
    const { configured, configureFailures } = this.#decoder.stats;
    if (configured === this.#configured) return;
    this.#configured = configured;
    const log = this.#hooks.log.child({ room: 'protocols', source: this.#port.source });
    if (configured === 'done') log.info({}, 'the device took its configuration');
    if (configured === 'failed') log.warn({ refused: configureFailures }, 'the device did not take its configuration');
  }

  #keep(observation: Observation): void {
    this.#kept[observation.kind] = (this.#kept[observation.kind] ?? 0) + 1;
    this.#hooks.onReading({ ...observation, source: this.#port.source });
  }
}

/** How a profile has a port opened. A path over the network has no baud rate, and silence of its own where the profile says so. */
export function portOptions(
  path: string,
  { serial, network }: Pick<DeviceProfile, 'serial' | 'network'>,
): Pick<PortOptions, 'baudRates' | 'silenceMs' | 'match'> {
  const { silence } = (mediumOf(path) === 'serial' ? (serial ?? network) : (network ?? serial)) ?? {};
  if (silence === undefined) throw new Error('a validated profile says neither serial nor network');
  return {
    baudRates: serial?.baudRates ?? [9_600],
    silenceMs: silence,
    ...(serial?.match === undefined ? {} : { match: serial.match }),
  };
}

/** How a port's decoder is set up, by its profile; a recording has nobody to send to. */
export function decoderOptions(
  path: string,
  { settings, configure }: Pick<DeviceProfile, 'settings' | 'configure'>,
  now: number,
  send: (bytes: Uint8Array, peer?: string) => void,
): DecoderOptions {
  const answers = mediumOf(path) !== 'file';
  return {
    // A gateway without a battery-backed clock starts in 1970; no reading is older than this program.
    referenceTime: Math.max(now, RELEASED),
    settings,
    ...(answers ? { send } : {}),
    ...(answers && configure !== undefined ? { configure } : {}),
  };
}
