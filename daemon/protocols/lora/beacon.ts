import type { Fields } from '../../readings/index.ts';
import type { BeaconRequest } from '../protocol.ts';
import { known, scaled } from './numbers.ts';

/** Result of lora.beacon, as its choice counts them. */
export const SENT = 0;
export const REFUSED = 1;
export const FAILED = 2;
export const NO_ANSWER = 3;

/** What lora.beacon says of a request before its outcome. */
export function beaconFields(beacon: BeaconRequest): Omit<Fields<'lora.beacon'>, 'result'> {
  return known({
    frequency: scaled(beacon.frequency, 0, 0, 4_294_967_295),
    spreadingFactor: scaled(beacon.spreadingFactor, 0, 0, 12),
    bandwidth: scaled(beacon.bandwidth, 0, 0, 10_000_000),
    codingRate: scaled(beacon.codingRate, 0, 0, 8),
    power: scaled(beacon.power, 1, -500, 500),
    payload: new Uint8Array(beacon.payload),
  });
}
