import type { CborMap, CborValue } from './cbor-value.ts';
import { Members } from './members.ts';
import { ProofError } from './reasons.ts';

/** A LoRa packet that the verifier asks a gateway's radio to transmit, so that its neighbours can say whether they heard it. */
export interface BeaconOrder {
  /** 1 to 255 bytes. */
  readonly payload: Uint8Array;
  /** Hz */
  readonly frequency: number;
  readonly spreadingFactor: number;
  /** Hz */
  readonly bandwidth: number;
  /** The n of 4/n. */
  readonly codingRate: number;
  /** dBm */
  readonly power: number;
  /** The source whose radio is meant; any that can, where it is left out. */
  readonly source?: string;
}

const MAX_PAYLOAD = 255;
const MAX_FREQUENCY = 4_294_967_295;
const MAX_BANDWIDTH = 10_000_000;
const MAX_POWER = 50;

export function beaconToCbor(beacon: BeaconOrder): CborMap {
  const map = new Map<number, CborValue>([
    [1, beacon.payload],
    [2, beacon.frequency],
    [3, beacon.spreadingFactor],
    [4, beacon.bandwidth],
    [5, beacon.codingRate],
    [6, beacon.power],
  ]);
  if (beacon.source !== undefined) map.set(7, beacon.source);
  return map;
}

/** Throws ProofError `parse` for what is no packet that a LoRa radio could send. */
export function beaconFromCbor(value: CborValue): BeaconOrder {
  const members = new Members(value, 'the beacon');
  const payload = members.take(1);
  if (!(payload instanceof Uint8Array) || payload.length === 0 || payload.length > MAX_PAYLOAD) {
    throw new ProofError('parse', `the beacon's payload is not 1 to ${MAX_PAYLOAD} bytes`);
  }
  const beacon = {
    payload: new Uint8Array(payload),
    frequency: members.int(2, MAX_FREQUENCY),
    spreadingFactor: members.int(3, 12, 5),
    bandwidth: members.int(4, MAX_BANDWIDTH),
    codingRate: members.int(5, 8, 5),
    power: members.int(6, MAX_POWER, -MAX_POWER),
    ...(members.has(7) ? { source: members.text(7) } : {}),
  };
  members.end();
  return beacon;
}
