import { type Belief, consistent, type GnssOpinion, uncertaintyAt } from './belief.ts';

/** A lone receiver that contradicts what is believed is believed itself when it has kept to it for so long. */
const PATIENCE_MS = 600_000;

/** What agrees has to be so much more certain to take over: no to and fro between equals. */
const CLEARLY = 2;

/** What there is to know of the time at one moment. */
export interface Evidence {
  /** The wall clock as a time server's client vouches for it. */
  readonly ntp?: Belief | undefined;
  readonly gnss?: GnssOpinion | undefined;
  /** The wall clock where it shows the time of a battery-backed clock. */
  readonly rtc?: Belief | undefined;
  /** The wall clock, whoever has set it: a second opinion, never a first one. Wall minus monotonic clock. */
  readonly wallOffset: number;
}

/**
 * What is to be believed from now on; undefined where the present belief, or ignorance, stands. A time server overrides all. Of
 * what agrees, the more certain counts. A receiver may be spoofed, replayed or a roll-over of weeks off: alone against what is
 * believed it counts for nothing, unless a second receiver or the wall clock bears it out, or it keeps to it for
 * `PATIENCE_MS`; and never against a time server.
 */
export function judge(present: Belief | undefined, evidence: Evidence, monotonic: number): Belief | undefined {
  const { ntp, gnss, rtc } = evidence;
  const believed = ntp !== undefined && mayFollow(present, ntp, monotonic) ? ntp : present;
  if (believed === undefined) return gnss ?? rtc;
  if (gnss !== undefined && overrides(gnss, believed, evidence.wallOffset, monotonic)) {
    return refine(gnss, believed, monotonic);
  }
  return believed === present ? undefined : believed;
}

function mayFollow(present: Belief | undefined, ntp: Belief, monotonic: number): boolean {
  if (present === undefined || present.source === 'ntp' || !consistent(present, ntp, monotonic)) return true;
  return uncertaintyAt(ntp, monotonic) <= CLEARLY * uncertaintyAt(present, monotonic);
}

function overrides(gnss: GnssOpinion, believed: Belief, wallOffset: number, monotonic: number): boolean {
  if (consistent(gnss, believed, monotonic)) {
    const least = believed.source === 'gnss' ? 1 : CLEARLY;
    return least * uncertaintyAt(gnss, monotonic) <= uncertaintyAt(believed, monotonic);
  }
  if (believed.source === 'ntp') return false;
  const borneOut = gnss.receivers > 1 || Math.abs(wallOffset - gnss.offset) <= gnss.uncertainty;
  return borneOut || gnss.steadyFor >= PATIENCE_MS;
}

/** Receivers' bytes are only ever late: of what they have said before, the latest time stands as far as no drift explains it. */
function refine(gnss: GnssOpinion, believed: Belief, monotonic: number): Belief {
  if (believed.source !== 'gnss' || !consistent(gnss, believed, monotonic)) return gnss;
  const drifted = uncertaintyAt(believed, monotonic) - believed.uncertainty;
  return { ...gnss, offset: Math.max(gnss.offset, believed.offset - drifted) };
}
