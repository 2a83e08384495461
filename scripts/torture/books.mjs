import { BATCH_MS } from './site.mjs';

/** From a fix being said to its bytes being read, decoded and on their way to the disk, on a laden machine. */
const IN_FLIGHT_MS = 600;
/** Two clocks of one machine, and a stamp taken before the deed. */
const CLOCK_MS = 150;
const MAX_TOLD = 10;

const isKill = ({ endedBy }) => endedBy === 'SIGKILL';
/** From there on the outbox knows that somebody runs. */
const hasOpened = ({ process }) => process.said('outbox opened') !== undefined;

/** Holds the ledger against what the receivers said and when the daemon was killed. */
export function balance({ ledger, lives, stored, wire, kills, disk, receivers, rounds, seed, seconds, journalMs }) {
  const killed = lives.filter(isKill);
  const declared = ledger.proofs.flatMap(({ losses }) => losses);
  const unclean = declared.filter(({ reason }) => reason === 'unclean-shutdown');
  const windowMs = (journalMs || BATCH_MS) + IN_FLIGHT_MS;
  const fixes = weighFixes({ ledger, receivers, lives, unclean, disk, windowMs });
  const checks = [
    ...checkProofs(ledger, stored, disk),
    none('what went over the wire', wire.offences),
    none('runs that ended by themselves, or not with 0', lives.filter(endedBadly).map(inShort)),
    none(
      'what the daemon said that is no log line',
      lives.flatMap(({ process }) => process.stray),
    ),
    none(
      'kills that no loss record covers',
      killed
        .filter(hasOpened)
        .filter((life) => !unclean.some(covers(life)))
        .map(inShort),
    ),
    none(
      'loss records of a kill that was none',
      unclean.filter((loss) => !killed.some((life) => covers(life)(loss))).map(({ from, to }) => `${from} to ${to}`),
    ),
    none(
      'other losses',
      declared.filter(({ reason }) => reason !== 'unclean-shutdown').map((loss) => JSON.stringify(loss)),
    ),
    none('fixes that are there twice', fixes.twice),
    none('fixes that nobody said', fixes.strange),
    none('fixes that are missing and should not be', fixes.unexplained),
  ];
  return {
    ...{ rounds, seed, seconds, journalMs },
    kills: { daemon: killed.length, ...kills },
    stopsInGoodOrder: lives.length - killed.length,
    proofs: ledger.proofs.length,
    readings: ledger.readings,
    fixes: fixes.counts,
    disk: { spells: disk.spells.length, failures: disk.failures },
    epochs: new Set(ledger.proofs.map(({ epoch }) => epoch)).size,
    declared: { 'unclean-shutdown': unclean.length },
    sentAgain: Math.max(0, wire.proofs - ledger.proofs.length),
    startMs: median(lives.flatMap(({ process }) => startOf(process))),
    sealsAgainMs: median(lives.flatMap((life) => firstProofOf(life, stored))),
    checks,
    balances: checks.every(({ ok }) => ok),
  };
}

function checkProofs({ proofs, equivocations, refused }, stored, { spells }) {
  const known = new Set(proofs.map(({ digest }) => digest));
  const epochs = groupBy(proofs, ({ epoch }) => epoch);
  // What is sealed while the disk fails is in an epoch of its own, of which the verifier says so.
  const isAside = ({ epoch, seq, reasons }) =>
    spells.length > 0 && epoch !== proofs[0].epoch && seq === 0 && reasons === '["restart"]';
  return [
    none(
      'proofs that were not accepted',
      proofs
        .filter((proof) => (proof.verdict !== 'accepted' || proof.reasons !== '[]') && !isAside(proof))
        .map(({ seq, verdict, reasons }) => `${seq} ${verdict ?? 'held'} ${reasons}`),
    ),
    none(
      'proofs that were stored and are not in the ledger',
      [...stored.keys()].filter((digest) => !known.has(digest)),
    ),
    none('epochs besides the first', spells.length > 0 ? [] : [...epochs.keys()].slice(1)),
    none(
      'proofs that do not follow the one before',
      [...epochs.values()].flatMap((chain) =>
        chain
          .filter(({ seq, prev }, index) => seq !== index || prev !== (chain[index - 1]?.digest ?? '0'.repeat(64)))
          .map(({ seq }) => seq),
      ),
    ),
    none(
      'equivocations',
      Array.from({ length: equivocations }, (_, index) => index + 1),
    ),
    none('refusals', refused),
  ];
}

function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** Which fixes are there, which are missing, and whether a kill explains each that is. */
function weighFixes({ ledger, receivers, lives, unclean, disk, windowMs }) {
  const there = new Map();
  for (const { source, time } of ledger.fixes) {
    const name = `${source} ${time}`;
    there.set(name, (there.get(name) ?? 0) + 1);
  }
  const said = new Map(
    receivers.flatMap(({ source, fixes }) => [...fixes].map(([time, at]) => [`${source} ${time}`, at])),
  );
  // Of what such a run had in memory, nobody can know after the kill what went out and what did not.
  const isOfFailingDisk = (life, at) =>
    isKill(life) &&
    disk.spells.some(
      ({ from, to }) =>
        from <= life.endedAt && to >= life.process.startedAt && at >= from - windowMs && at <= life.endedAt,
    );
  const lifeAt = (at) => lives.find(({ endedAt }) => at <= endedAt + CLOCK_MS);
  const unexplained = [];
  const missing = { atKills: 0, atStops: 0, withDisk: 0 };
  let oldestMs = 0;
  for (const [name, at] of said) {
    if (there.has(name)) continue;
    const life = lifeAt(at);
    const beforeMs = life === undefined ? Number.NaN : life.endedAt - at;
    // Bounds go by what was kept; a fix that was on its way then has the stamp of its first byte, which is older.
    const isDeclared = unclean.some(({ from, to }) => from <= at + IN_FLIGHT_MS && to >= at);
    if (life !== undefined && isKill(life) && beforeMs <= windowMs && isDeclared) {
      missing.atKills += 1;
      oldestMs = Math.max(oldestMs, beforeMs);
    } else if (life !== undefined && isOfFailingDisk(life, at) && isDeclared) missing.withDisk += 1;
    else if (life !== undefined && !isKill(life) && beforeMs <= IN_FLIGHT_MS) missing.atStops += 1;
    else
      unexplained.push(
        `${name}, ${beforeMs} ms before the next end by ${life?.endedBy}${isDeclared ? '' : ', not declared'}`,
      );
  }
  const again = [...there].filter(([, times]) => times > 1).map(([name]) => name);
  const isExcused = (name) => {
    const at = said.get(name);
    const life = at === undefined ? undefined : lifeAt(at);
    return life !== undefined && isOfFailingDisk(life, at);
  };
  return {
    twice: again.filter((name) => !isExcused(name)),
    strange: [...there.keys()].filter((name) => !said.has(name)),
    unexplained,
    counts: {
      said: said.size,
      accepted: there.size,
      missingAtKills: missing.atKills,
      oldestMissingMs: oldestMs,
      onTheWireAtStops: missing.atStops,
      missingWithFailingDisk: missing.withDisk,
      twiceWithFailingDisk: again.filter(isExcused).length,
    },
  };
}

const covers =
  ({ endedAt }) =>
  ({ from, to }) =>
    from <= endedAt + CLOCK_MS && to >= endedAt - CLOCK_MS;

const endedBadly = ({ endedBy, code }) =>
  endedBy === 'SIGKILL' ? code !== 'SIGKILL' : code !== 0 && code !== 'SIGTERM';
const inShort = ({ endedBy, endedAt, code }) => `${endedBy} at ${endedAt}: ${code}`;

/** Milliseconds from the start of the process until the gateway ran. */
function startOf(process) {
  const line = process.said('gateway runs');
  return line === undefined ? [] : [Date.parse(line.time) - process.startedAt];
}

/** Milliseconds from the start of the process until it had stored its first proof. */
function firstProofOf({ process: { startedAt }, endedAt }, stored) {
  const first = Math.min(...[...stored.values()].filter((at) => at > startedAt && at <= endedAt));
  return Number.isFinite(first) ? [first - startedAt] : [];
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

const none = (what, found) => ({ what, count: found.length, found: found.slice(0, MAX_TOLD), ok: found.length === 0 });

/** The books for people. */
export function inWords({
  rounds,
  seed,
  seconds,
  journalMs,
  kills,
  stopsInGoodOrder,
  proofs,
  readings,
  fixes,
  ...more
}) {
  const { disk, epochs, declared, sentAgain, startMs, sealsAgainMs, checks, balances } = more;
  const failed = checks.filter(({ ok }) => !ok);
  return [
    `${rounds} rounds in ${seconds} s, seed ${seed}, journal synced every ${journalMs} ms`,
    `kill -9: ${kills.daemon} times the daemon, ${kills.broker} the broker, ${kills.verifier} the verifier; ` +
      `${stopsInGoodOrder} stops in good order; ${startMs} ms from a start to running, ${sealsAgainMs} ms to the first proof (medians)`,
    `${proofs} proofs with ${readings} readings accepted; ${sentAgain} were sent more than once; ` +
      `${declared['unclean-shutdown']} unclean shutdowns declared`,
    `${fixes.said} fixes said, ${fixes.accepted} accepted; ${fixes.missingAtKills} went with a kill, ` +
      `the oldest ${fixes.oldestMissingMs} ms old; ${fixes.onTheWireAtStops} were on the wire at a stop`,
    ...(disk.spells === 0
      ? []
      : [
          `the disk failed ${disk.spells} times, ${disk.failures} calls: ${epochs} epochs; killed meanwhile, ` +
            `${fixes.missingWithFailingDisk} fixes more were lost, ${fixes.twiceWithFailingDisk} are there twice`,
        ]),
    ...failed.map(({ what, count, found }) => `DOES NOT HOLD: ${what}: ${count}\n  ${found.join('\n  ')}`),
    balances
      ? `Nothing was lost without a word: ${checks.length} checks hold.`
      : `${failed.length} of ${checks.length} checks fail.`,
  ].join('\n');
}
