import type { BytesField, IntField, TextField } from '../field.ts';

const MAX_TIME = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z, the last instant that ISO 8601 writes in four digits

/** An integer of 10^-digits of `unit`. */
export const int = (key: number, unit: string, digits: number, min: number, max: number, about: string): IntField => ({
  key,
  type: 'int',
  unit,
  digits,
  min,
  max,
  about,
});

/** A plain number without a unit. */
export const count = (key: number, max: number, about: string): IntField => int(key, '', 0, 0, max, about);

/** One of the names, by its place among them. */
export const choice = (key: number, names: readonly string[], about: string): IntField => ({
  ...count(key, names.length - 1, about),
  names,
});

/** Yes or no. */
export const flag = (key: number, about: string): IntField => ({ ...count(key, 1, about), format: 'flag' });

/** An instant: milliseconds since the Unix epoch. */
export const time = (key: number, about: string): IntField => ({
  ...int(key, 's', 3, 0, MAX_TIME, about),
  format: 'time',
});

export const latitude = (key: number, about = 'Latitude, WGS 84, north positive'): IntField =>
  int(key, 'deg', 7, -900_000_000, 900_000_000, about);

export const longitude = (key: number, about = 'Longitude, WGS 84, east positive'): IntField =>
  int(key, 'deg', 7, -1_800_000_000, 1_800_000_000, about);

/** Millimetres. */
export const altitude = (key: number, about: string): IntField => int(key, 'm', 3, -100_000_000, 100_000_000, about);

export const bytes = (key: number, max: number, about: string): BytesField => ({ key, type: 'bytes', max, about });

export const text = (key: number, max: number, about: string): TextField => ({ key, type: 'text', max, about });
