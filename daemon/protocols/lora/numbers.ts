/** An integer of 10^-digits within bounds, of what a wire said; undefined where it said no such number. */
export function scaled(value: unknown, digits: number, min: number, max: number): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const integer = Math.round(value * 10 ** digits);
  // A negative zero would be another value than the zero that comes back from a signed row.
  return integer >= min && integer <= max ? integer + 0 : undefined;
}

/** RSSI in tenths of dBm, as lora.uplink bounds it. */
export const rssiOf = (dBm: unknown): number | undefined => scaled(dBm, 1, -2_000, 500);

/** SNR in hundredths of dB, as lora.uplink bounds it. */
export const snrOf = (dB: unknown): number | undefined => scaled(dB, 2, -10_000, 10_000);

/** A copy of what has a value: a reading has no field that is not known. */
export function known<T extends Readonly<Record<string, unknown>>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> };
export function known(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name in fields) if (fields[name] !== undefined) copy[name] = fields[name];
  return copy;
}
