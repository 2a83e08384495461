import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { balance } from './books.mjs';
import { Chance } from './chance.mjs';
import { FailingDisk } from './disk.mjs';
import { readLedger } from './ledger.mjs';
import { Pace } from './pace.mjs';
import { Broker, startProgram } from './processes.mjs';
import { makeReceivers } from './receivers.mjs';
import { BATCH_MS, makeSite } from './site.mjs';
import { Spool } from './spool.mjs';
import { TokenStore } from './token-store.mjs';
import { Wire } from './wire.mjs';

/** Of a round, in ms: from the daemon's start for one in so many, which may not even run then; else from when it runs. */
const FROM_THE_START = 0.25;
const [SHORTEST, LONGEST] = [50, 3_000];
const BROKER_DIES = 0.15;
const VERIFIER_DIES = 0.15;
const DISK_FAILS = 0.4;
/** One in so many ends in good order. */
const IN_GOOD_ORDER = 0.05;
const PATIENCE_MS = 60_000;
const LOOK_MS = 50;

/**
 * Kills the daemon, and now and then the broker and the verifier, at random moments while two receivers speak; then lets
 * everything drain and holds the ledger against what was said. With `diskFaults` the outbox's disk fails for a while, too.
 *
 * @returns the books, with `balances`
 */
export async function torture({ rounds, seed, journal, diskFaults = false, keep = false, signal, tell = () => {} }) {
  const began = performance.now();
  const broker = new Broker();
  const receivers = makeReceivers(seed);
  let rack;
  try {
    rack = await Rack.set({ broker, receivers, journal, diskFaults });
    const chance = new Chance(seed);
    for (let round = 1; round <= rounds && !signal.aborted; round += 1) {
      tell(`round ${round} of ${rounds}`);
      await rack.round(chance);
    }
    tell('drains');
    await rack.drain();
    const seconds = Math.round((performance.now() - began) / 1_000);
    return balance({ ...rack.facts(), ...{ rounds, seed, seconds, receivers, journalMs: milliseconds(journal) } });
  } finally {
    await rack?.clear(keep);
    await broker.clear();
    for (const receiver of receivers) receiver.close();
  }
}

/** The gateway, its broker and its verifier on the rack. */
class Rack {
  #site;
  #broker;
  #spool;
  #disk;
  #pace;
  #token;
  #wire;
  #daemon;
  #verifier;
  #silent = new AbortController();
  #speaking;
  /** Each run of the daemon: its process, and how and when it was ended. */
  #lives = [];
  #kills = { broker: 0, verifier: 0 };

  static async set({ broker, receivers, journal, diskFaults }) {
    const rack = new Rack();
    rack.#broker = broker;
    await broker.start();
    rack.#site = await makeSite({ receivers, journal, brokerUrl: broker.url });
    const outbox = join(rack.#site.folder, 'outbox');
    rack.#spool = new Spool(outbox);
    if (diskFaults) rack.#disk = new FailingDisk(rack.#site.folder, outbox);
    const verifierKey = JSON.parse(readFileSync(join(rack.#site.folder, 'verifier.json'), 'utf8'));
    rack.#wire = new Wire(broker.url, verifierKey, { mayRestart: diskFaults });
    rack.#token = new TokenStore(join(rack.#site.folder, 'token'));
    rack.#pace = new Pace(rack.#site.folder);
    rack.#verifier = rack.#startVerifier();
    const { signal } = rack.#silent;
    rack.#speaking = Promise.all([rack.#pace.run(signal), ...receivers.map((one) => one.play(signal))]);
    return rack;
  }

  async round(chance) {
    const life = this.#live();
    const ms = chance.between(SHORTEST, LONGEST);
    const others = [
      ...(chance.isBelow(BROKER_DIES) ? [this.#killBroker(chance.between(0, ms), chance.between(0, 500))] : []),
      ...(chance.isBelow(VERIFIER_DIES) ? [this.#killVerifier(chance.between(0, ms), chance.between(0, 500))] : []),
    ];
    if (this.#disk !== undefined && chance.isBelow(DISK_FAILS)) {
      others.push(this.#disk.fail(chance, chance.between(0, ms), chance.between(100, ms)));
    }
    if (!chance.isBelow(FROM_THE_START)) await this.#mustHappen(life.process.says('gateway runs'), 'a start');
    const isGentle = chance.isBelow(IN_GOOD_ORDER);
    await wait(ms);
    await this.#end(life, isGentle ? 'SIGTERM' : 'SIGKILL');
    await Promise.all(others);
  }

  /** The receivers fall silent; what was read is sealed and delivered. */
  async drain() {
    let life = this.#live();
    await this.#mustHappen(life.process.says('gateway runs'), 'the last start');
    await wait(BATCH_MS);
    this.#silent.abort();
    await this.#speaking;
    await wait(2 * BATCH_MS);
    await this.#until(() => this.#spool.waiting() === 0, 'the outbox to drain');
    await this.#end(life, 'SIGTERM');
    // What was sealed at the very end may have had no receipt in time.
    while (this.#spool.waiting() > 0) {
      life = this.#live();
      await this.#until(() => this.#spool.waiting() === 0, 'the outbox to drain');
      await this.#end(life, 'SIGTERM');
    }
  }

  facts() {
    const { stored } = this.#spool;
    const disk = { spells: this.#disk?.spells ?? [], failures: this.#disk?.failures ?? 0 };
    return {
      ...{ ledger: readLedger(this.#site.ledger), stored, disk, wire: this.#wire, pace: this.#pace },
      ...{ lives: this.#lives, kills: this.#kills, tokensMended: this.#token.mended },
    };
  }

  async clear(keep) {
    this.#silent.abort();
    await this.#speaking;
    await this.#wire?.stop();
    this.#spool?.close();
    for (const one of [this.#daemon, this.#verifier]) if (one?.hasEnded === false) await one.end('SIGKILL');
    if (keep) process.stderr.write(`left for a look: ${this.#site.folder}\n`);
    else await this.#site.clear();
  }

  #live() {
    const { folder } = this.#site;
    this.#token.mend();
    const env = { ...this.#site.env, ...this.#disk?.env };
    this.#daemon = startProgram(['run', '--config', join(folder, 'fieldseal.yaml')], { env, cwd: folder });
    const life = {
      process: this.#daemon,
      endedBy: undefined,
      endedAt: 0,
      goneAt: Number.POSITIVE_INFINITY,
      code: undefined,
    };
    this.#lives.push(life);
    return life;
  }

  async #end(life, endedBy) {
    if (life.process.hasFailed) this.#giveUp(`the daemon ended by itself with ${await life.process.exited}`);
    Object.assign(life, { endedBy, endedAt: Date.now() });
    life.code = await this.#mustHappen(life.process.end(endedBy), `the daemon to end by ${endedBy}`);
    life.goneAt = Date.now();
  }

  #startVerifier() {
    const { folder } = this.#site;
    return startProgram(['verifier', 'run', '--config', join(folder, 'verifier.yaml')], { cwd: folder });
  }

  async #killBroker(afterMs, awayMs) {
    await wait(afterMs);
    await this.#broker.kill();
    this.#kills.broker += 1;
    await wait(awayMs);
    await this.#broker.start();
  }

  async #killVerifier(afterMs, awayMs) {
    await wait(afterMs);
    await this.#verifier.end('SIGKILL');
    this.#kills.verifier += 1;
    await wait(awayMs);
    this.#verifier = this.#startVerifier();
  }

  async #until(isSo, what) {
    const late = performance.now() + PATIENCE_MS;
    while (!isSo()) {
      if (performance.now() > late || this.#daemon.hasFailed || this.#verifier.hasFailed) this.#giveUp(what);
      await wait(LOOK_MS);
    }
  }

  async #mustHappen(promise, what) {
    const late = wait(PATIENCE_MS, 'late', { ref: false });
    const result = await Promise.race([promise, late]);
    if (result === 'late' || result === undefined) this.#giveUp(what);
    return result;
  }

  #giveUp(what) {
    const last = (one) => JSON.stringify({ lines: one.lines.slice(-8), stray: one.stray });
    throw new Error(`waited in vain for ${what}; daemon ${last(this.#daemon)}; verifier ${last(this.#verifier)}`);
  }
}

const milliseconds = (text) => Number.parseInt(text, 10) * (text.endsWith('ms') ? 1 : 1_000);
