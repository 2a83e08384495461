import { FieldsealError } from '../errors.ts';
import { type Enrolment, kidToText, ProofError, thumbprint, verifyEnrolment } from '../proof/index.ts';
import type { Device, DeviceState, PinnedProfile } from './ledger/devices.ts';
import type { Ledger } from './ledger/ledger.ts';

export interface Admission {
  /** The device's id. */
  readonly kid: string;
  readonly outcome: 'admitted' | 'updated' | 'unchanged';
}

/**
 * Admits a device by its enrolment record, or takes what a later record of an admitted one says of its owner, place and
 * profiles. What is pinned does not change: the key, which the id is the digest of, and whether it is hardware-held. The same
 * record again changes nothing. `now` in ms.
 *
 * @throws FieldsealError ENROLMENT_INVALID where the record is damaged or not signed by its own key; ENROLMENT_CONFLICT where
 *   the device is suspended, its key's custody differs, or the record is older than the one that is pinned.
 */
export function admit(ledger: Ledger, record: Uint8Array, now: number): Admission {
  const enrolment = opened(record);
  const kid = thumbprint(enrolment.publicKey);
  const text = kidToText(kid);
  return ledger.write(() => {
    const known = ledger.devices.find(kid);
    const device = { ...describe(enrolment), kid, state: 'active' as const, admitted: now, enrolment: record };
    if (known === undefined) {
      ledger.devices.insert(device);
      ledger.refusals.welcome(kid);
      return { kid: text, outcome: 'admitted' };
    }
    const conflict = conflictOf(known, enrolment);
    if (conflict !== undefined) throw new FieldsealError('ENROLMENT_CONFLICT', { detail: `${text} ${conflict}` });
    if (Buffer.compare(known.enrolment, record) === 0) return { kid: text, outcome: 'unchanged' };
    if (enrolment.created <= known.created) {
      const detail = `${text} has a record as new as this one, or newer`;
      throw new FieldsealError('ENROLMENT_CONFLICT', { detail });
    }
    ledger.devices.update(device);
    return { kid: text, outcome: 'updated' };
  });
}

/** Suspends a device, whose proofs are then left unanswered, or reinstates it. False where nobody admitted it. */
export function setDeviceState(ledger: Ledger, kid: Uint8Array, state: DeviceState): boolean {
  return ledger.write(() => ledger.devices.setState(kid, state));
}

function opened(record: Uint8Array): Enrolment {
  try {
    return verifyEnrolment(record);
  } catch (cause) {
    if (!(cause instanceof ProofError)) throw cause;
    throw new FieldsealError('ENROLMENT_INVALID', { detail: cause.message, cause });
  }
}

const describe = ({ publicKey, custody, owner, place, profiles, created }: Enrolment) => ({
  publicKey,
  custody,
  owner,
  place,
  profiles: profiles.map(({ name, digest }): PinnedProfile => ({ name, digest: Buffer.from(digest).toString('hex') })),
  created,
});

function conflictOf(known: Device, { custody }: Enrolment): string | undefined {
  if (known.state === 'suspended') return 'is suspended';
  if (known.custody.hardware !== custody.hardware) {
    const held = (hardware: boolean) => (hardware ? 'hardware' : 'software');
    return `was admitted with a key held in ${held(known.custody.hardware)}, not in ${held(custody.hardware)}`;
  }
  return undefined;
}
