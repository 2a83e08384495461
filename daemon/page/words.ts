const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "850 ms", "42 s", "3 min 20 s", "5 h 12 min", "17 d 4 h". */
export function duration(ms: number): string {
  const { abs, floor, round } = Math;
  const length = abs(ms);
  if (length < SECOND) return `${ms < 0 ? '−' : ''}${round(length)} ms`;
  const whole = floor(length / SECOND) * SECOND;
  const sign = ms < 0 ? '−' : '';
  if (length < MINUTE) return `${sign}${whole / SECOND} s`;
  if (length < HOUR) return sign + two(whole, MINUTE, 'min', SECOND, 's');
  if (length < DAY) return sign + two(whole, HOUR, 'h', MINUTE, 'min');
  return sign + two(whole, DAY, 'd', HOUR, 'h');
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${grouped(Math.floor(ms / large))} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** "now", or how long ago. */
export const ago = (ms: number): string => (ms < SECOND ? 'now' : `${duration(ms)} ago`);

/** "12:34:56" in UTC. */
export const timeOfDay = (t: number): string => new Date(t).toISOString().slice(11, 19);

/** "2026-11-20T12:34:56Z". */
export const instant = (t: number): string => `${new Date(t).toISOString().slice(0, 19)}Z`;

/** "1,234,567". */
export const grouped = (count: number): string => String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** Decimal, as the configuration writes sizes: "340 B", "12.3 kB", "1.5 GB". */
export function bytes(count: number): string {
  let value = count;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.5) return `${value < 99.95 && unit !== 'B' ? value.toFixed(1) : Math.round(value)} ${unit}`;
    value /= 1_000;
  }
  return `${value.toFixed(1)} TB`;
}

/** A rate a second: "0", "0.2", "12.4", "340". */
export const rate = (perSecond: number): string =>
  perSecond === 0 ? '0' : perSecond < 99.95 ? perSecond.toFixed(1) : grouped(perSecond);

/** "1 proof", "2 proofs". */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

/** A share in per cent; "0 %" only where it is nothing. */
export function share(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %';
  const percent = (100 * part) / whole;
  return percent < 0.1 ? '< 0.1 %' : `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Degrees with their hemisphere: "47.37690° N". */
export const latitude = (deg: number): string => `${Math.abs(deg).toFixed(5)}° ${deg < 0 ? 'S' : 'N'}`;
export const longitude = (deg: number): string => `${Math.abs(deg).toFixed(5)}° ${deg < 0 ? 'W' : 'E'}`;

/** A length on the ground: "20 m", "1.5 km", "140 km". */
export function metres(length: number): string {
  if (length < 1_000) return `${length < 9.95 ? Number(length.toFixed(1)) : Math.round(length)} m`;
  const km = length / 1_000;
  return `${km < 9.95 ? Number(km.toFixed(1)) : grouped(km)} km`;
}
