import { isDeepStrictEqual } from 'node:util';
import { pause } from '../abort.ts';
import type { CameraFolder } from '../camera/index.ts';
import type { Clock } from '../clock/index.ts';
import type { DaemonConfig } from '../config/index.ts';
import { Crew, type Member } from '../crew.ts';
import { readHostHealth, type SourceStatus } from '../health/index.ts';
import { cameraStatus, type Intake } from '../intake.ts';
import type { Log } from '../log.ts';
import { PortSource } from '../port-source.ts';
import type { BeaconOrder, Loss } from '../proof/index.ts';
import type { Reading } from '../readings/index.ts';
import { type ConfiguredPort, HOST_SOURCE } from '../sources.ts';
import { cameraState, type Plan } from './plan.ts';

export interface InputsParts {
  readonly intake: Intake;
  /** Takes what comes from no port, and so knows no privacy zone. */
  readonly onReading: (reading: Reading) => void;
  readonly onLoss: (loss: Loss) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** A source that runs, and what it was made of: one that a new configuration leaves as it is stays open. */
interface Input<T> {
  readonly made: unknown;
  readonly source: T;
  readonly member: Member;
}

/** All that readings come from: ports, cameras and the host itself. */
export class Inputs {
  readonly #parts: InputsParts;
  readonly #crew = new Crew();
  readonly #ports = new Map<string, Input<PortSource>>();
  readonly #cameras = new Map<string, Input<CameraFolder>>();
  #host: Input<undefined> | undefined;
  #tellOpened: () => void = () => {};
  /** Resolves when the first port is open, or the first camera's folder is watched. */
  readonly opened = new Promise<void>((resolve) => {
    this.#tellOpened = resolve;
  });

  constructor(parts: InputsParts) {
    this.#parts = parts;
  }

  get ports(): readonly PortSource[] {
    return [...this.#ports.values()].map(({ source }) => source);
  }

  get cameras(): readonly CameraFolder[] {
    return [...this.#cameras.values()].map(({ source }) => source);
  }

  /** Reads until the signal. */
  run(signal: AbortSignal): Promise<void> {
    return this.#crew.run(signal);
  }

  /** Ends what the plan doesn't have, or has otherwise. */
  async drop(plan: Plan): Promise<void> {
    const ports = new Map(plan.sources.ports.map((one) => [one.port.source, madeOfPort(one)]));
    const cameras = new Map(plan.sources.cameras.map((one) => [one.source, madeOf(plan, one)]));
    const ending: { readonly member: Member }[] = [...stale(this.#ports, ports), ...stale(this.#cameras, cameras)];
    if (this.#host !== undefined && !isDeepStrictEqual(this.#host.made, hostOf(plan.config))) {
      ending.push(this.#host);
      this.#host = undefined;
    }
    await Promise.all(ending.map(({ member }) => member.stop()));
  }

  /** Begins what the plan has and that doesn't run yet. */
  add(plan: Plan): void {
    const { intake, clock, log, onLoss } = this.#parts;
    for (const parts of plan.sources.ports) {
      const { port } = parts;
      if (this.#ports.has(port.source)) continue;
      const source = new PortSource(parts, {
        onReading: (reading) => intake.take(reading),
        onLoss,
        onOpen: this.#tellOpened,
        clock,
        log,
      });
      this.#ports.set(port.source, {
        made: madeOfPort(parts),
        source,
        member: this.#crew.start((stop) => source.run(stop)),
      });
    }
    for (const camera of plan.sources.cameras) {
      if (this.#cameras.has(camera.source)) continue;
      const source = intake.addCamera(camera, cameraState(plan.config, camera), this.#tellOpened);
      const member = this.#crew.start((stop) => source.run(stop));
      this.#cameras.set(camera.source, { made: madeOf(plan, camera), source, member });
    }
    const made = hostOf(plan.config);
    this.#host ??= { made, source: undefined, member: this.#crew.start((stop) => this.#watchHost(made, stop)) };
  }

  /** Why hidden times are not on the disk; undefined while they are. */
  get privacyTrouble(): string | undefined {
    return this.#parts.intake.trouble;
  }

  status(): SourceStatus[] {
    return [...this.ports.map((port) => port.status()), ...this.cameras.map(cameraStatus)];
  }

  /** Asks the radios to transmit; false where none can. The first that can does. */
  transmit(beacon: BeaconOrder): boolean {
    const asked = this.ports.filter(({ source }) => beacon.source === undefined || source === beacon.source);
    return asked.some((port) => port.transmit(beacon));
  }

  async #watchHost({ interval, disk }: HostWatch, signal: AbortSignal): Promise<void> {
    while (interval > 0 && !signal.aborted) {
      const fields = await readHostHealth(disk);
      this.#parts.onReading({ kind: 'host.health', source: HOST_SOURCE.source, t: this.#parts.clock.now(), fields });
      await pause(interval, signal);
    }
  }
}

interface HostWatch {
  readonly interval: number;
  /** The folder whose disk is told of. */
  readonly disk: string;
}

const hostOf = ({ health, outbox }: DaemonConfig): HostWatch => ({ interval: health.interval, disk: outbox.directory });

const madeOfPort = ({ port, profile }: ConfiguredPort): unknown => ({ port, profile });

const madeOf = (plan: Plan, camera: Plan['sources']['cameras'][number]): unknown => ({
  camera,
  state: cameraState(plan.config, camera),
});

/** Takes out of `running` what is not wanted any more as it is. */
function stale<T>(running: Map<string, Input<T>>, wanted: ReadonlyMap<string, unknown>): Input<T>[] {
  const gone = [...running].filter(([source, { made }]) => !isDeepStrictEqual(made, wanted.get(source)));
  for (const [source] of gone) running.delete(source);
  return gone.map(([, input]) => input);
}
