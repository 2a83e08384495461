import { encodeCbor, equalBytes } from './cbor.ts';
import type { CborMap, CborValue } from './cbor-value.ts';
import { checkSign1, sign1 } from './cose.ts';
import { publicKeyFromCbor, publicKeyToCbor, thumbprint } from './key.ts';
import { asBytes, asName, Members } from './members.ts';
import { type Software, softwareFromCbor, tuple } from './payload.ts';
import { ProofError } from './reasons.ts';
import type { DigestSigner, PublicKey } from './signature.ts';
import { openStatement } from './statement.ts';

export const ENROLMENT_TYPE = 'application/fieldseal-enrolment+cbor';

/** Where a device says it is mounted. */
export interface Place {
  /** 1e-7 degrees, WGS 84. */
  readonly lat: number;
  readonly lon: number;
  /** Millimetres above mean sea level. */
  readonly altMSL?: number;
}

/** What a device says of itself when it applies to a verifier, signed by its own key. */
export interface Enrolment {
  readonly publicKey: PublicKey;
  readonly custody: { readonly hardware: boolean; readonly holder: string };
  /** Device profiles that it reads with, each with the SHA-256 of its file. */
  readonly profiles: readonly { readonly name: string; readonly digest: Uint8Array }[];
  readonly owner?: string;
  readonly place?: Place;
  /** Milliseconds since the Unix epoch. */
  readonly created: number;
  readonly software: Software;
}

const MAX_PROFILES = 64;
const MAX_LAT = 900_000_000;
const MAX_LON = 1_800_000_000;
const MAX_ALTITUDE = 100_000_000;

/** Signs a record with the key that it is about. */
export function signEnrolment(enrolment: Enrolment, signer: DigestSigner): Promise<Uint8Array> {
  const { publicKey, custody, profiles, owner, place, created, software } = enrolment;
  const kid = thumbprint(publicKey);
  if (!equalBytes(kid, thumbprint(signer.publicKey)))
    throw new RangeError('an enrolment record is signed by its own key');
  const map = new Map<number, CborValue>([
    [1, 1],
    [2, publicKeyToCbor(publicKey)],
    [
      3,
      new Map<number, CborValue>([
        [1, custody.hardware],
        [2, custody.holder],
      ]),
    ],
    [4, profiles.map(({ name, digest }) => [name, digest])],
  ]);
  if (owner !== undefined) map.set(5, owner);
  if (place !== undefined) map.set(6, placeToCbor(place));
  map.set(7, created);
  map.set(8, [software.name, software.version]);
  return sign1(ENROLMENT_TYPE, kid, encodeCbor(map), signer);
}

/** Reads a record and verifies it by the key that it contains: its maker held the private key. Throws ProofError. */
export function verifyEnrolment(bytes: Uint8Array): Enrolment {
  const { sign1: envelope, members } = openStatement(bytes, ENROLMENT_TYPE, 'the enrolment record');
  const publicKey = publicKeyFromCbor(members.take(2));
  if (!equalBytes(envelope.kid, thumbprint(publicKey)))
    throw new ProofError('signature', "not signed by the record's key");
  checkSign1(envelope, publicKey);
  const custody = new Members(members.take(3), 'the custody');
  const enrolment: Enrolment = {
    publicKey,
    custody: { hardware: custody.flag(1), holder: custody.text(2) },
    profiles: members.array(4, MAX_PROFILES).map((value) => {
      const [name, digest] = tuple(value, 'a profile', 2);
      return { name: asName(name, 'a profile name'), digest: asBytes(digest, 'a profile digest', 32) };
    }),
    ...(members.has(5) ? { owner: members.text(5) } : {}),
    ...(members.has(6) ? { place: placeFromCbor(members.take(6)) } : {}),
    created: members.time(7),
    software: softwareFromCbor(members.take(8)),
  };
  custody.end();
  members.end();
  return enrolment;
}

function placeToCbor(place: Place): CborMap {
  const map = new Map<number, CborValue>([
    [1, place.lat],
    [2, place.lon],
  ]);
  if (place.altMSL !== undefined) map.set(3, place.altMSL);
  return map;
}

function placeFromCbor(value: CborValue): Place {
  const members = new Members(value, 'the place');
  const place = {
    lat: members.int(1, MAX_LAT, -MAX_LAT),
    lon: members.int(2, MAX_LON, -MAX_LON),
    ...(members.has(3) ? { altMSL: members.int(3, MAX_ALTITUDE, -MAX_ALTITUDE) } : {}),
  };
  members.end();
  return place;
}
