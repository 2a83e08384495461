import type { DaemonConfig } from './config/index.ts';
import { FieldsealError } from './errors.ts';
import { Ground } from './gateway/ground.ts';
import { checkReloadable, loadPlan } from './gateway/plan.ts';
import { Rooms } from './gateway/rooms.ts';
import type { GatewaySurroundings } from './gateway/surroundings.ts';

export type { GatewayObserver, GatewaySurroundings } from './gateway/surroundings.ts';

/** The composition root: builds the rooms, joins their run()s, and stops them in the order of the data's way. */
export class Gateway {
  readonly #config: DaemonConfig;
  readonly #around: GatewaySurroundings;
  #running: { readonly rooms: Rooms; readonly ground: Ground; readonly signal: AbortSignal } | undefined;
  /** One reload at a time. */
  #turn: Promise<void> = Promise.resolve();

  constructor(config: DaemonConfig, around: GatewaySurroundings) {
    this.#config = config;
    this.#around = around;
  }

  /**
   * Runs until the signal, then seals what is left.
   *
   * @throws FieldsealError for what an operator has to mend before it can start; a bug as what it is
   */
  async run(signal: AbortSignal): Promise<void> {
    const plan = await loadPlan(this.#config);
    const ground = await Ground.open(plan, this.#around);
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    // A stop in good order, so that nothing is lost by it.
    const restart = ground.needsRestart(stop).finally(() => over.abort());
    let rooms: Rooms | undefined;
    let failure: unknown;
    try {
      rooms = new Rooms(ground, plan, this.#around);
      this.#running = { rooms, ground, signal: stop };
      await rooms.run(stop);
      failure = await restart;
    } catch (error) {
      failure = error;
    }
    over.abort();
    this.#running = undefined;
    // What an operator has to mend has cost no reading where none waits.
    const isHarmless = failure instanceof FieldsealError && ground.sealer.stats.waiting === 0;
    await ground.close(isHarmless || (failure === undefined && rooms?.isSealed === true));
    if (failure !== undefined) throw failure;
    this.#around.log.info({}, 'gateway stopped');
  }

  /**
   * Follows another configuration, where all that it names is there and valid; else the old one stays, and the log says why. Does
   * nothing before the gateway runs or when it stops.
   *
   * @param load reads the configuration; its FieldsealError counts as a refusal
   * @returns whether it was taken
   */
  reload(load: () => Promise<DaemonConfig>): Promise<boolean> {
    const turn = this.#turn.then(() => this.#reload(load));
    this.#turn = turn.then(() => {});
    return turn;
  }

  async #reload(load: () => Promise<DaemonConfig>): Promise<boolean> {
    const running = this.#running;
    if (running === undefined || running.signal.aborted) return false;
    const { rooms, ground } = running;
    const { log } = this.#around;
    rooms.report.reloading(ground.clock.monotonicNow());
    try {
      const config = await load();
      checkReloadable(rooms.plan.config, config);
      await rooms.follow(await loadPlan(config));
      log.info({}, 'configuration reloaded');
      rooms.report.reloaded(undefined);
      return true;
    } catch (error) {
      if (!(error instanceof FieldsealError)) throw error;
      log.error(error.toFields(), 'the new configuration is refused; the old one stays');
      rooms.report.reloaded(error.toLine());
      return false;
    }
  }
}
