import { beforeEach, describe, expect, it } from 'vitest';
import type { OutboxEntry } from '../../daemon/outbox/index.ts';
import { Flights } from '../../daemon/uplink/flights.ts';

const entry = (counter: number): OutboxEntry => ({
  ...{ digest: `digest ${counter}`, epoch: '', seq: counter, counter, written: 0, bytes: 100 },
  ...{ crc: 0, position: 0, declares: false, aside: false },
});
const once = (counter: number) => ({ entry: entry(counter), ahead: false });
const NONE: ReadonlySet<string> = new Set();

let now: number;
let pending: OutboxEntry[];
let flights: Flights;

const fly = (limits: Partial<ConstructorParameters<typeof Flights>[0]> = {}) =>
  new Flights({ window: 3, awaiting: 6, receiptTimeoutMs: 1000, freshFirst: true, ...limits }, () => now);
const waiting = {
  pending: (after = -1) => pending.filter(({ counter }) => counter > after),
};
/** Publishes all that may be published now; the numbers of the proofs. */
const publishAll = (acknowledge = true): number[] => {
  const published: number[] = [];
  for (let next = flights.next(waiting, NONE); next !== undefined; next = flights.next(waiting, NONE)) {
    flights.departs(next);
    if (acknowledge) flights.acknowledged(next.entry);
    published.push(next.entry.counter);
    if (published.length > 100) throw new Error('publishes without end');
  }
  return published;
};
const settle = (counter: number) => {
  flights.receiptCame();
  pending = pending.filter((one) => one.counter !== counter);
  flights.arrived(entry(counter).digest);
};
/** Moves the clock to the next moment at which a proof may be due. */
const sleep = () => {
  const until = flights.untilDue();
  if (until === undefined) throw new Error('nothing to wait for');
  now += until;
  return until;
};

beforeEach(() => {
  now = 0;
  pending = Array.from({ length: 20 }, (_, counter) => entry(counter));
  flights = fly();
});

describe('which proof goes next', () => {
  it('the oldest, as many as the window holds', () => {
    expect(publishAll(false)).toEqual([0, 1, 2]);
    expect(flights.inFlight).toBe(3);
    expect(flights.untilDue()).toBeUndefined();
    flights.acknowledged(entry(1));
    expect(publishAll(false)).toEqual([3]);
  });

  it('no more than the broker takes at once', () => {
    flights.connected(2, 99);
    expect(publishAll(false)).toEqual([0, 1]);
  });

  it('none while too many wait for a receipt, however many the broker has acknowledged', () => {
    expect(publishAll()).toEqual([0, 1, 2, 3, 4, 5]);
    settle(2);
    expect(publishAll()).toEqual([6]);
  });

  it('after a broken connection those that the broker may not have, in their order, before new ones', () => {
    publishAll(false);
    for (const counter of [0, 1, 2]) flights.broke(entry(counter));
    expect(publishAll(false)).toEqual([0, 1, 2]);
    for (const counter of [0, 1, 2]) flights.acknowledged(entry(counter));
    expect(publishAll(false)).toEqual([3, 4, 5]);
  });

  it('none that the connection cannot carry', () => {
    flights.departs(once(0));
    flights.returns(entry(0));
    expect(flights.next(waiting, new Set(['digest 0']))?.entry.counter).toBe(1);
  });
});

describe('a proof without a receipt', () => {
  it('goes again after the timeout while receipts come for others, more rarely each time', () => {
    pending = [entry(0), entry(1)];
    publishAll();
    const intervals: number[] = [];
    for (let i = 0; i < 4; i++) {
      now += 1;
      settle(1);
      const start = now;
      sleep();
      expect(publishAll()).toEqual([0]);
      intervals.push(now - start + 1);
    }
    expect(intervals).toEqual([1000, 2000, 4000, 8000]);
  });

  it('is the only one to go again while no receipt comes at all: the oldest, for which the verifier holds the others', () => {
    publishAll();
    const probes: [waited: number, counters: number[]][] = [];
    for (let i = 0; i < 5; i++) probes.push([sleep(), publishAll()]);
    expect(probes).toEqual([
      [1000, [0]],
      [2000, [0]],
      [4000, [0]],
      [8000, [0]],
      [16_000, [0]],
    ]);
  });

  it('is due at once with all others that are overdue when the first receipt comes', () => {
    publishAll();
    for (let i = 0; i < 10; i++) {
      sleep();
      publishAll();
    }
    now += 10_000;
    settle(0);
    expect(publishAll().sort((a, b) => a - b)).toEqual(expect.arrayContaining([6]));
    now += 1_000_000;
    settle(6);
    expect(publishAll().length).toBeGreaterThanOrEqual(5);
  });

  it('waits for no longer than ten minutes between two attempts', () => {
    publishAll();
    let longest = 0;
    for (let i = 0; i < 40; i++) {
      longest = Math.max(longest, sleep());
      publishAll();
    }
    expect(longest).toBe(600_000);
  });
});

describe('a proof that is made while older ones drain', () => {
  /** Proofs 0 to 19 waited for the connection. */
  const connect = (limits: Parameters<typeof fly>[0] = {}) => {
    flights = fly(limits);
    flights.connected(100, 19);
  };
  const make = (counter: number) => {
    pending = [...pending, entry(counter)];
  };

  it('goes out at once, and the rest goes on in its order', () => {
    connect({ window: 2 });
    expect(publishAll(false)).toEqual([0, 1]);
    make(20);
    flights.acknowledged(entry(0));
    expect(publishAll(false)).toEqual([20]);
    for (const counter of [1, 20]) flights.acknowledged(entry(counter));
    expect(publishAll(false)).toEqual([2, 3]);
  });

  it('does so although too many others wait for their receipts, and takes no place of theirs', () => {
    connect();
    expect(publishAll()).toEqual([0, 1, 2, 3, 4, 5]);
    make(20);
    make(21);
    expect(publishAll()).toEqual([20, 21]);
    settle(0);
    settle(1);
    expect(publishAll()).toEqual([6, 7]);
  });

  it('waits like all others where nothing older has still to go', () => {
    pending = [];
    flights = fly();
    flights.connected(100, -1);
    for (let counter = 0; counter < 9; counter++) {
      make(counter);
      publishAll();
    }
    expect(flights.awaitingReceipt).toBe(6);
    settle(0);
    expect(publishAll()).toEqual([6]);
  });

  it('waits its turn where that is configured', () => {
    connect({ freshFirst: false });
    publishAll();
    make(20);
    expect(publishAll()).toEqual([]);
    settle(0);
    expect(publishAll()).toEqual([6]);
  });

  it('is not repeated before the older ones are through, however long that takes', () => {
    connect();
    publishAll();
    make(20);
    expect(publishAll()).toEqual([20]);
    for (let counter = 0; counter < 14; counter++) {
      now += 100;
      settle(counter);
      expect(publishAll()).toEqual([counter + 6]);
    }
    // Nothing is older now than proof 20 but what is under way: it waits for a receipt like any other.
    for (let counter = 14; counter < 20; counter++) settle(counter);
    expect(publishAll()).toEqual([]);
    now += 999;
    settle(99);
    expect(publishAll()).toEqual([]);
    now += 1;
    expect(publishAll()).toEqual([20]);
  });

  it('comes when its turn comes where the connection broke under it', () => {
    connect();
    publishAll();
    make(20);
    expect(publishAll(false)).toEqual([20]);
    flights.broke(entry(20));
    flights.connected(100, 20);
    expect(publishAll()).toEqual([]);
    settle(0);
    expect(publishAll()).toEqual([6]);
  });

  it('is one of few while no receipt comes: the verifier is away, and the broker keeps them all', () => {
    connect();
    publishAll();
    for (let counter = 20; counter < 40; counter++) make(counter);
    expect(publishAll()).toEqual([20, 21, 22, 23, 24, 25]);
    settle(0);
    expect(publishAll()).toEqual([26, 27, 28, 29, 30, 31, 6]);
  });
});
