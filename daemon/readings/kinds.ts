import type { FieldsOf, KindSpec } from './field.ts';
import { ADSB_KINDS } from './kinds/adsb.ts';
import { CAMERA_KINDS } from './kinds/camera.ts';
import { CELL_KINDS } from './kinds/cell.ts';
import { CLOCK_KINDS } from './kinds/clock.ts';
import { GNSS_KINDS } from './kinds/gnss.ts';
import { HOST_KINDS } from './kinds/host.ts';
import { IMU_KINDS } from './kinds/imu.ts';
import { LORA_KINDS } from './kinds/lora.ts';
import { RTCM_KINDS } from './kinds/rtcm.ts';
import { SOURCE_KINDS } from './kinds/source.ts';

/**
 * The registry of kinds: from this one table come the TypeScript types, the signed CBOR row, the column codec, the
 * JSON view, docs/readings.md and the verifier's range checks. Numbers and keys are part of the proof format: they are
 * added, never changed or reused. GNSS names are gpsd's (gpsd_json(5), TPV and SKY); units are SenML's (RFC 8428,
 * section 12.1) where it has them.
 */
export const KINDS = {
  ...GNSS_KINDS,
  ...IMU_KINDS,
  ...HOST_KINDS,
  ...LORA_KINDS,
  ...ADSB_KINDS,
  ...CELL_KINDS,
  ...CAMERA_KINDS,
  ...RTCM_KINDS,
  ...SOURCE_KINDS,
  ...CLOCK_KINDS,
} as const satisfies Readonly<Record<string, KindSpec>>;

export type KindName = keyof typeof KINDS;

/** The fields of a kind: integers in the units of its table, texts, and bytes. */
export type Fields<K extends KindName> = FieldsOf<(typeof KINDS)[K]>;

export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

const BY_NUMBER: ReadonlyMap<number, KindName> = new Map(KIND_NAMES.map((name) => [KINDS[name].number, name]));

/** The specification of a kind, by name. */
export function kindSpec(name: KindName): KindSpec {
  return KINDS[name];
}

/** The kind that a signed row's number names; undefined for a number that this version does not know. */
export function kindByNumber(number: number): KindName | undefined {
  return BY_NUMBER.get(number);
}
