import { weighFixes } from './fixes.mjs';
import { CLOCK_MS, isKill } from './life.mjs';
import { BATCH_MS } from './site.mjs';

const MAX_TOLD = 10;

/** From there on the outbox knows that somebody runs. */
const hasOpened = ({ process }) => process.said('outbox opened') !== undefined;

/** Holds the ledger against what the receivers said and when the daemon was killed. */
export function balance({ ledger, lives, stored, wire, kills, disk, pace, tokensMended, receivers, ...order }) {
  const { rounds, seed, seconds, journalMs } = order;
  const killed = lives.filter(isKill);
  const declared = ledger.proofs.flatMap(({ losses }) => losses);
  const unclean = declared.filter(({ reason }) => reason === 'unclean-shutdown');
  const keeping = { keptEveryMs: journalMs || BATCH_MS, hasJournal: journalMs > 0 };
  const fixes = weighFixes({ ledger, receivers, lives, unclean, disk, pace, ...keeping });
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
    tokensMended,
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

const covers =
  ({ endedAt, goneAt }) =>
  ({ from, to }) =>
    from <= goneAt + CLOCK_MS && to >= endedAt - CLOCK_MS;

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
  const { disk, epochs, tokensMended, declared, sentAgain, startMs, sealsAgainMs, checks, balances } = more;
  const failed = checks.filter(({ ok }) => !ok);
  return [
    `${rounds} rounds in ${seconds} s, seed ${seed}, journal synced every ${journalMs} ms`,
    `kill -9: ${kills.daemon} times the daemon, ${kills.broker} the broker, ${kills.verifier} the verifier; ` +
      `${stopsInGoodOrder} stops in good order; ${startMs} ms from a start to running, ${sealsAgainMs} ms to the first proof (medians)`,
    `${proofs} proofs with ${readings} readings accepted; ${sentAgain} were sent more than once; ` +
      `${declared['unclean-shutdown']} unclean shutdowns declared`,
    `${fixes.said} fixes said, ${fixes.accepted} accepted; ${fixes.missingAtKills} went with a kill, ` +
      `the oldest ${fixes.oldestMissingMs} ms old; ${fixes.onTheWireAtStops} were on the wire at a stop`,
    `the machine kept a small write waiting for ${fixes.worstPaceMs} ms at most; ` +
      `SoftHSM's own files were mended ${tokensMended} times`,
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
