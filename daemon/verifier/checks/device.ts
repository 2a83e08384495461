import { type Proof, ProofError } from '../../proof/index.ts';
import type { Device } from '../ledger/devices.ts';

/**
 * Holds a proof against the registry: the device is active, and the message names the algorithm of the pinned key. What
 * the message says of the algorithm never chooses it.
 *
 * @throws ProofError `device-suspended`, `algorithm`.
 */
export function checkDevice(proof: Proof, device: Device): void {
  if (device.state === 'suspended') throw new ProofError('device-suspended', 'the device is suspended');
  if (proof.algorithm !== device.publicKey.algorithm) {
    throw new ProofError('algorithm', `names ${proof.algorithm}, the device has ${device.publicKey.algorithm}`);
  }
}

/** Whether every profile that the proof's sources name is one that the device was admitted with, byte for byte. */
export function profilesArePinned(proof: Proof, device: Device): boolean {
  if (device.profiles.length === 0) return true;
  return proof.payload.sources.every(({ profile, profileDigest }) => {
    const digest = Buffer.from(profileDigest).toString('hex');
    return device.profiles.some((pinned) => pinned.name === profile && pinned.digest === digest);
  });
}
