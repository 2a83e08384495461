import { z } from 'zod';

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_BYTES: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/** A duration with its unit ("250ms", "60s", "5m", "12h", "7d"); parsed to milliseconds. */
export const duration = (bounds: { min?: string; max?: string } = {}) =>
  quantity('duration', DURATION_MS, 'ms, s, m, h or d, such as "60s"', bounds);

/** A size with its unit ("100kB", decimal: 1 kB is 1000 B); parsed to bytes. */
export const size = (bounds: { min?: string; max?: string } = {}) =>
  quantity('size', SIZE_BYTES, 'B, kB, MB or GB, such as "100kB"', bounds);

function quantity(
  noun: string,
  units: Readonly<Record<string, number>>,
  example: string,
  { min, max }: { min?: string; max?: string },
) {
  const least = min === undefined ? 0 : (parseQuantity(min, units) ?? 0);
  const most = max === undefined ? Number.MAX_SAFE_INTEGER : (parseQuantity(max, units) ?? 0);
  return z.unknown().transform((value, context): number => {
    const parsed = typeof value === 'string' ? parseQuantity(value, units) : undefined;
    const written = JSON.stringify(value) ?? 'nothing';
    if (parsed === undefined) {
      context.addIssue({ code: 'custom', message: `${written} is not a ${noun}: write a number with ${example}` });
    } else if (parsed < least || parsed > most) {
      const range = max === undefined ? `at least ${min}` : `${min ?? 0} to ${max}`;
      context.addIssue({ code: 'custom', message: `${written} is out of range: ${range}` });
    } else {
      return parsed;
    }
    return z.NEVER;
  });
}

/** Parses "1.5s" by a table of units; undefined for anything else. */
function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const factor = match?.[2] === undefined ? undefined : units[match[2]];
  if (factor === undefined) return undefined;
  const value = Number(match?.[1]) * factor;
  return Number.isSafeInteger(Math.round(value)) ? Math.round(value) : undefined;
}
