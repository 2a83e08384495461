import { CLOCK_MS, isKill } from './life.mjs';

/** From a fix being said to its being on its way to the disk: the rest of its epoch, and the turns that it takes. */
const IN_FLIGHT_MS = 600;

/**
 * Which fixes are there, which are missing, and whether a kill explains each that is. `keptEveryMs`: how often readings go to the
 * disk; `hasJournal`: they do so before they are sealed.
 */
export function weighFixes({ ledger, receivers, lives, unclean, disk, pace, keptEveryMs, hasJournal }) {
  const there = new Map();
  for (const { source, time } of ledger.fixes) {
    const name = `${source} ${time}`;
    there.set(name, (there.get(name) ?? 0) + 1);
  }
  const said = new Map(
    receivers.flatMap(({ source, fixes }) => [...fixes].map(([time, at]) => [`${source} ${time}`, at])),
  );
  const counts = { missingAtKills: 0, oldestMissingMs: 0, onTheWireAtStops: 0, missingWithFailingDisk: 0 };
  const unexplained = [];
  let worstPaceMs = 0;
  for (const [name, at] of said) {
    if (there.has(name)) continue;
    const life = lifeAt(lives, at);
    const beforeMs = life.endedAt - at;
    // What keeps a small write of ours waiting keeps the daemon's waiting, too.
    const paceMs = pace.worstBetween(at, life.goneAt);
    const inFlightMs = IN_FLIGHT_MS + 2 * paceMs;
    worstPaceMs = Math.max(worstPaceMs, paceMs);
    // The journal knows how old a reading may be that was on its way. The last proof does not.
    const lateMs = hasJournal ? CLOCK_MS + 2 * paceMs : inFlightMs;
    const isDeclared = unclean.some(({ from, to }) => from <= at + lateMs && to >= at);
    if (isKill(life) && isDeclared && beforeMs <= keptEveryMs + inFlightMs) {
      counts.missingAtKills += 1;
      counts.oldestMissingMs = Math.max(counts.oldestMissingMs, beforeMs);
    } else if (isDeclared && isOfFailingDisk(disk, life, at, keptEveryMs + inFlightMs)) {
      counts.missingWithFailingDisk += 1;
    } else if (!isKill(life) && beforeMs <= inFlightMs) counts.onTheWireAtStops += 1;
    else {
      const how = isDeclared ? 'declared' : 'not declared';
      unexplained.push(`${name}, ${beforeMs} ms before an end by ${life.endedBy}, ${how}, pace ${paceMs} ms`);
    }
  }
  const twice = [...there].filter(([, times]) => times > 1).map(([name]) => name);
  const isExcused = (name) => {
    const at = said.get(name);
    return at !== undefined && isOfFailingDisk(disk, lifeAt(lives, at), at, keptEveryMs + IN_FLIGHT_MS);
  };
  const twiceWithFailingDisk = twice.filter(isExcused).length;
  return {
    twice: twice.filter((name) => !isExcused(name)),
    strange: [...there.keys()].filter((name) => !said.has(name)),
    unexplained,
    counts: { said: said.size, accepted: there.size, ...counts, twiceWithFailingDisk, worstPaceMs },
  };
}

/** The run that heard it. */
const lifeAt = (lives, at) => lives.find(({ goneAt }) => at <= goneAt + CLOCK_MS) ?? lives.at(-1);

/** Of what a run had in memory when it was killed on a failing disk, nobody can know what had gone out and what had not. */
const isOfFailingDisk = ({ spells }, life, at, windowMs) =>
  isKill(life) &&
  spells.some(
    ({ from, to }) =>
      from <= life.endedAt && to >= life.process.startedAt && at >= from - windowMs && at <= life.goneAt,
  );
