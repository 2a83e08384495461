import { hostname } from 'node:os';
import { aborted, pause } from '../abort.ts';
import { type GatewayStatus, SystemdNotifier } from '../health/index.ts';
import { Intake } from '../intake.ts';
import type { Outbox } from '../outbox/index.ts';
import { runStages, type Task } from '../stages.ts';
import { SOFTWARE } from '../version.ts';
import { Delivery } from './delivery.ts';
import type { Ground } from './ground.ts';
import { Inputs } from './inputs.ts';
import { Link } from './link.ts';
import { keepSmall } from './memory.ts';
import { type Plan, privacyState } from './plan.ts';
import { statusLine, statusOf } from './status.ts';
import { StatusServer } from './status-server.ts';
import type { GatewaySurroundings } from './surroundings.ts';
import { SystemdReport } from './systemd-report.ts';
import { Watch } from './watch.ts';
import { type RoomsToWatch, WatchedRooms } from './watched.ts';

/** What was sealed at the end may take so long to be delivered. */
const FAREWELL_MS = 2_000;
/** Whoever asks for a stop gets it in ten seconds; to let go of disk and token, and to end, takes a moment more. */
const STOP_MS = 7_000;
/** With no port open for so long, the daemon is as ready as it gets: it waits for its devices. */
const READY_PATIENCE_MS = 30_000;

/** The rooms of a running gateway, joined: each stage feeds the next. On the ground they stand; a plan may change them. */
export class Rooms {
  readonly #around: GatewaySurroundings;
  readonly #ground: Ground;
  readonly #intake: Intake;
  readonly #inputs: Inputs;
  readonly #delivery: Delivery;
  readonly #server: StatusServer;
  readonly #systemd: SystemdNotifier;
  readonly #watch: Watch;
  readonly report: SystemdReport;
  #plan: Plan;
  #isSealed = false;

  constructor(ground: Ground, plan: Plan, around: GatewaySurroundings) {
    const { log } = around;
    const { clock, sealer } = ground;
    this.#ground = ground;
    this.#plan = plan;
    this.#around = around;
    this.#intake = new Intake({
      onReading: (reading) => ground.take(reading),
      onLoss: (loss) => sealer.declare(loss),
      clock,
      log,
    });
    ground.onStored = (readings) => this.#intake.stored(readings);
    clock.onStep((step) => {
      if (step.datesBack) this.#intake.dateBack(step);
    });
    this.#inputs = new Inputs({
      intake: this.#intake,
      onReading: (reading) => ground.take(reading),
      onLoss: (loss) => sealer.declare(loss),
      clock,
      log,
    });
    this.#delivery = new Delivery(
      plan,
      (next) => new Link(next, ground, around, (beacon) => this.#inputs.transmit(beacon)),
    );
    this.#server = new StatusServer(
      { status: this.status, now: clock.now, unhealthy: this.unhealthy, software: SOFTWARE, hostname: hostname() },
      around.env,
    );
    this.#systemd = new SystemdNotifier(around.notify, around.env);
    const watched = new WatchedRooms(this.#systemd.watchdogMs);
    this.#watch = new Watch(
      () => {
        const { mqtt, signer, journal } = this.#plan.config;
        return watched.of(this.#toWatch(), { ...mqtt, timeout: signer.timeout, interval: journal.interval });
      },
      log.child({ room: 'watchdog' }),
    );
    this.report = new SystemdReport(this.#systemd, () => {
      const hanging = this.hanging().map((room) => `; ${room} hangs`);
      return `${statusLine(this.status())}${hanging.join('')}`;
    });
  }

  readonly status = (): GatewayStatus => statusOf(this.#ground, this.#inputs, this.#delivery.link);

  get plan(): Plan {
    return this.#plan;
  }

  /** The rooms that hang. */
  readonly hanging = (): readonly string[] => this.#watch.hanging();

  /** Why the watchdog is not fed; undefined while it is. */
  readonly unhealthy = (): string | undefined => {
    const hanging = this.hanging();
    return hanging.length === 0 ? undefined : `no progress: ${hanging.join(', ')}`;
  };

  /** The sealer has ended in good order. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Runs the rooms. At the end the inputs stop first, then the sealer, and the delivery when it has had its farewell. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, observer, memory, farewellMs = FAREWELL_MS, stopMs = STOP_MS } = this.#around;
    const { config, sources, zones } = this.#plan;
    await this.#intake.guard(zones, privacyState(config));
    if (sources.cameras.length > 0) {
      for await (const reading of this.#ground.recovered()) this.#intake.recover(reading);
    }
    this.#inputs.add(this.#plan);
    this.#server.begin(config.health.listen);
    const onLate = (): void => log.error({ ms: stopMs }, 'not everything stopped in time; it is left behind');
    const running = runStages(
      signal,
      [
        [(stop) => this.#inputs.run(stop), (stop) => this.#tellReady(stop)],
        [(stop) => this.#intake.run(stop)],
        [(stop) => this.#seal(stop)],
        [(stop) => sayFarewell(this.#ground.outbox, farewellMs, stop)],
        [
          (stop) => this.#delivery.run(stop),
          (stop) => this.#server.run(stop),
          (stop) => this.#systemd.run(stop, () => this.#watch.hanging().length === 0),
          ...this.#ground.tasks,
          ...(memory === undefined ? [] : [(stop: AbortSignal) => keepSmall(memory, stop)]),
        ],
      ],
      { deadlineMs: stopMs, onLate },
    );
    const over = new AbortController();
    const reporting = this.report.run(AbortSignal.any([signal, over.signal]));
    log.info({ kid: this.#ground.kid, ports: sources.ports.length }, 'gateway runs');
    observer?.onReady?.(this.status);
    try {
      await running;
    } finally {
      // Where a room has failed, nobody has told the others to stop.
      over.abort();
      await reporting;
    }
  }

  /**
   * Makes the rooms as another plan has them; what it leaves as it is goes on undisturbed.
   *
   * @throws FieldsealError for what cannot be had; then the plan before holds on
   */
  async follow(plan: Plan): Promise<void> {
    await this.#followWhatMayBeRefused(plan);
    await this.#inputs.drop(plan);
    this.#ground.describe(plan.sources.proofSources);
    this.#inputs.add(plan);
    await this.#delivery.follow(plan);
    this.#around.setLogLevel?.(plan.config.log.level);
    this.#plan = plan;
  }

  /** Each step is undone where a later one is refused. */
  async #followWhatMayBeRefused(plan: Plan): Promise<void> {
    const before = this.#plan;
    const undo: (() => Promise<void>)[] = [];
    try {
      await this.#server.move(plan.config.health.listen);
      undo.unshift(() => this.#server.move(before.config.health.listen));
      if (before.config.privacy.zones.length + plan.config.privacy.zones.length > 0) {
        await this.#intake.guard(plan.zones, privacyState(plan.config));
        undo.unshift(() => this.#intake.guard(before.zones, privacyState(before.config)));
      }
      await this.#ground.renewSigner(plan.config);
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
  }

  #toWatch(): RoomsToWatch {
    const { journal, sealer, outbox } = this.#ground;
    const { ports, cameras } = this.#inputs;
    const { uplink, connection } = this.#delivery.link;
    return { ports, cameras, journal, sealer, outbox, uplink, connection };
  }

  readonly #seal: Task = async (stop) => {
    await this.#ground.sealer.run(stop);
    await this.#intake.settle();
    this.#isSealed = true;
  };

  async #tellReady(stop: AbortSignal): Promise<void> {
    const patience = this.#around.readyPatienceMs ?? READY_PATIENCE_MS;
    const enough = new AbortController();
    const either = AbortSignal.any([stop, enough.signal]);
    await Promise.race([this.#inputs.opened, pause(patience, either)]);
    enough.abort();
    if (!stop.aborted) this.report.ready();
  }
}

/** Gives what was sealed at the end a moment to be delivered; what has no receipt by then waits in the outbox. */
async function sayFarewell(outbox: Outbox, ms: number, stop: AbortSignal): Promise<void> {
  await aborted(stop);
  const enough = AbortSignal.timeout(ms);
  const empty = new Promise<void>((resolve) => {
    const look = () => outbox.size === 0 && resolve();
    outbox.on('changed', look);
    look();
  });
  await Promise.race([empty, aborted(enough)]);
}
