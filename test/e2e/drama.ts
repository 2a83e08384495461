import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'vitest';
import { Mosquitto } from '../support/mosquitto.ts';
import type { ServiceProcess } from '../support/program.ts';
import { Site } from '../support/site.ts';
import { Wiretap } from '../support/wiretap.ts';
import { expectAcceptedOnce, expectIdenticalBytes, expectUnbroken } from './unbroken.ts';

export const VICTIMS = ['verifier', 'broker', 'daemon'] as const;
export const EVENTS = ['begun', 'stored', 'published', 'committed', 'answered'] as const;

/** Who is killed, and at the how manieth of which event after the last one has recovered. */
export type Act = readonly [(typeof VICTIMS)[number], (typeof EVENTS)[number], number];

/** Proofs that have to be accepted between one kill and the next. */
const BETWEEN = 2;
const PATIENCE_MS = 20_000;

/** A site in which daemon, broker and verifier are killed and come back. */
export class Drama {
  readonly site: Site;
  readonly #broker: Mosquitto;
  readonly #tap: Wiretap;
  #verifier: ServiceProcess | undefined;
  #daemon: ServiceProcess | undefined;
  /** Sequence numbers of the proofs that came first after the daemon was killed. */
  readonly #afterKills: number[] = [];

  constructor(broker: Mosquitto, site: Site, tap: Wiretap) {
    this.#broker = broker;
    this.site = site;
    this.#tap = tap;
  }

  static async begin(brokerConfig: readonly string[] = []): Promise<Drama> {
    const broker = await Mosquitto.start({ config: brokerConfig });
    const site = await Site.make({ brokerUrl: broker.url });
    const drama = new Drama(broker, site, await Wiretap.start(broker.url));
    await drama.#revive('verifier');
    await drama.#revive('daemon');
    return drama;
  }

  /** Plays one act after the other, each after the one before has been got over. */
  async play(acts: readonly Act[]): Promise<void> {
    for (const [victim, event, nth] of acts) {
      await this.#stillRunning(this.arrive(event, nth));
      await this.#kill(victim);
      await this.#revive(victim);
      await this.#stillRunning(this.site.ledger.accepted(this.site.spool.sealed().length + BETWEEN));
    }
  }

  /** Waits, but not for what can't come any more: throws when a service has ended by itself, with what it said. */
  async #stillRunning<T>(waiting: Promise<T>): Promise<T> {
    const services = [this.#daemon, this.#verifier].filter((service) => service !== undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`nothing happens any more: ${this.#state()}`)), PATIENCE_MS);
    });
    try {
      return await Promise.race([waiting, late, ...services.map((service) => service.endedBySurprise())]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What to look at when nothing happens any more. */
  #state(): string {
    const { ledger, spool, device } = this.site;
    return JSON.stringify({
      ledger: ledger.proofs().map(({ seq, verdict }) => `${seq} ${verdict}`),
      sealed: spool.sealed().map(({ seq }) => seq),
      waiting: spool.waiting().length,
      device: device.stats,
      holders: holdersOf(device.path),
      daemon: this.#daemon?.lines.slice(-12),
      verifier: this.#verifier?.lines.slice(-6),
    });
  }

  /** Resolves at the nth such event from now on. */
  async arrive(event: Act[1], nth: number): Promise<void> {
    const { spool, ledger } = this.site;
    if (event === 'begun' || event === 'stored') await spool.next(event, nth);
    else if (event === 'published') await this.#tap.next('proof', nth);
    else if (event === 'answered') await this.#tap.next('receipt', nth);
    else await ledger.accepted(ledger.proofs().length + nth);
  }

  /** Kills all three at once. The daemon comes back first and seals so many proofs on its own. */
  async catastrophe(alone: number): Promise<void> {
    await Promise.all(VICTIMS.map((victim) => this.#kill(victim)));
    await this.#revive('daemon');
    await this.site.spool.next('stored', alone);
    await this.#revive('broker');
    await this.#revive('verifier');
  }

  /** Ends the daemon in good order; then everything that was ever sealed has to be accepted, once, in one chain. */
  async end(): Promise<void> {
    const { site } = this;
    await site.silence();
    await site.spool.empty();
    expect(await this.#daemon?.stop()).toBe(0);
    await site.ledger.accepted(site.spool.sealed().length);
    const proofs = expectUnbroken(site);
    const losses = proofs.flatMap(({ payload: { seq, losses } }) => losses.map(({ reason }) => ({ seq, reason })));
    expect(losses).toEqual(this.#afterKills.map((seq) => ({ seq, reason: 'unclean-shutdown' })));
    expectIdenticalBytes(this.#tap);
    expectAcceptedOnce(this.#tap, JSON.parse(readFileSync(site.path('verifier.json'), 'utf8')));
    expect([...(this.#daemon?.strayLines ?? []), ...(this.#verifier?.strayLines ?? [])]).toEqual([]);
    const files = await site.keep(site.ledger.proofs().map(({ message }) => message));
    const { code, verdicts } = await site.verify(files);
    expect(code).toBe(0);
    expect(verdicts.flatMap(({ reasons }) => reasons)).toEqual([]);
    expect((await site.verifyInPython(files)).code).toBe(0);
  }

  async dispose(): Promise<void> {
    await this.#tap.stop();
    await this.site.dispose();
    await this.#broker.dispose();
  }

  async #kill(victim: Act[0]): Promise<void> {
    if (victim === 'broker') return this.#broker.kill();
    if (victim === 'verifier') return this.#verifier?.kill();
    await this.#daemon?.kill();
    // What the folder told of last is heard in the next turn of the event loop.
    await nextTurn();
    this.#afterKills.push((this.site.spool.sealed().at(-1)?.seq ?? -1) + 1);
  }

  async #revive(victim: Act[0]): Promise<void> {
    if (victim === 'broker') await this.#broker.start();
    else if (victim === 'verifier') this.#verifier = await this.site.startVerifier();
    else this.#daemon = await this.site.startDaemon();
  }
}

/** Processes that have the device open. */
function holdersOf(path: string): string[] {
  const device = readlinkSync(path);
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.flatMap((pid) => {
    try {
      const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      return open.includes(device)
        ? [`${device} ${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`]
        : [];
    } catch {
      return [];
    }
  });
}
