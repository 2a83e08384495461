import { checkSignature, openReadings, type Proof, ProofError, parseProof, type Reason } from '../proof/index.ts';
import { checkDevice, profilesArePinned } from './checks/device.ts';
import { checkNonce } from './checks/nonce.ts';
import { rangeReading } from './checks/ranges.ts';
import { checkTime, outsideSpan, setBack, type TimeBounds } from './checks/time.ts';
import type { Device } from './ledger/devices.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { StoredReading } from './ledger/proofs.ts';
import type { NonceIssuer } from './nonces.ts';

/** What came on a device's topic. */
export interface Arrival {
  /** The device that the topic belongs to. */
  readonly kid: Uint8Array;
  readonly message: Uint8Array;
  /** When it came, in ms. */
  readonly received: number;
}

/** What a proof holds, and what there is to say of it. */
export interface Contents {
  readonly reasons: readonly Reason[];
  readonly readings: readonly StoredReading[];
  /** By how many ms the gateway's clock was set back, as its readings declare. */
  readonly setBackMs: number;
  /** Why the readings could not be opened. The signature does not cover the block, so another copy may be sound. */
  readonly fault: ProofError | undefined;
}

/**
 * What a message is, before its place in the chain is looked at. `stranger`: of a device that nobody admitted. `refused`: turned
 * away; `answer` where the device is told, because the same bytes will never do. `signed`: the device's own proof.
 */
export type Finding =
  | { readonly kind: 'stranger'; readonly kid: Uint8Array; readonly reason: Reason }
  | {
      readonly kind: 'refused';
      /** Undefined where not even the topic is a known device's. */
      readonly device: Device | undefined;
      readonly reason: Reason;
      readonly detail: string;
      readonly answer: Proof | undefined;
    }
  | {
      readonly kind: 'signed';
      readonly device: Device;
      readonly proof: Proof;
      /** Undefined where the ledger has had the proof with its readings before. */
      readonly contents: Contents | undefined;
    };

/**
 * The verifier's checks of one message, cheap ones first, in the order that docs/proof-format.md lays down, up to the chain, which
 * is the chain keeper's. Looks things up in the ledger, changes nothing.
 */
export class Judge {
  readonly #ledger: Ledger;
  readonly #nonces: NonceIssuer;
  readonly #bounds: TimeBounds;

  constructor(ledger: Ledger, nonces: NonceIssuer, bounds: TimeBounds) {
    this.#ledger = ledger;
    this.#nonces = nonces;
    this.#bounds = bounds;
  }

  judge(arrival: Arrival): Finding {
    const proof = caught(() => parseProof(arrival.message));
    if (proof instanceof ProofError) return this.#refuse(this.#find(arrival.kid), proof);
    const device = this.#find(proof.kid);
    if (device === undefined) return { kind: 'stranger', kid: proof.kid, reason: 'unknown-device' };
    const onOwnTopic = Buffer.compare(arrival.kid, proof.kid) === 0;
    const fault = caught(() => {
      checkDevice(proof, device);
      checkSignature(proof, device.publicKey);
      if (!onOwnTopic) throw new ProofError('topic', "came on another device's topic");
    });
    if (!(fault instanceof ProofError))
      return { kind: 'signed', device, proof, contents: this.#open(device, proof, arrival) };
    // A suspended device may be reinstated. On a topic that is not the device's own, anyone might speak for it.
    const final = onOwnTopic && fault.reason !== 'device-suspended' && !this.#isKnown(device, proof);
    return this.#refuse(device, fault, final ? proof : undefined);
  }

  #find(kid: Uint8Array): Device | undefined {
    return this.#ledger.lookUp(() => this.#ledger.devices.find(kid));
  }

  #refuse(device: Device | undefined, { reason, detail }: ProofError, answer?: Proof): Finding {
    return { kind: 'refused', device, reason, detail, answer };
  }

  /** Whether the ledger holds the proof already, with its readings. */
  #isKnown(device: Device, { payload, digest }: Proof): boolean {
    const stored = this.#ledger.lookUp(() => {
      const chain = this.#ledger.chains.find(device.id, payload.epoch);
      return chain === undefined ? undefined : this.#ledger.proofs.at(chain.id, payload.seq);
    });
    return stored !== undefined && stored.verdict !== 'rejected' && Buffer.compare(stored.digest, digest) === 0;
  }

  #open(device: Device, proof: Proof, { received }: Arrival): Contents | undefined {
    if (this.#isKnown(device, proof)) return undefined;
    const reasons = new Set<Reason>();
    const nonce = checkNonce(proof, this.#nonces);
    if (nonce !== undefined) reasons.add(nonce);
    for (const reason of checkTime(proof, received, this.#bounds)) reasons.add(reason);
    if (!profilesArePinned(proof, device)) reasons.add('profile');
    const opened = caught(() => openReadings(proof));
    if (opened instanceof ProofError)
      return { reasons: [...reasons, opened.reason], readings: [], setBackMs: 0, fault: opened };
    const readings = opened.map((reading) => {
      const { stored, inRange } = rangeReading(reading);
      if (outsideSpan(reading, proof)) reasons.add('time-order');
      if (!inRange) reasons.add('range');
      return stored;
    });
    const setBackMs = opened.reduce((sum, reading) => sum + setBack(reading), 0);
    return { reasons: [...reasons], readings, setBackMs, fault: undefined };
  }
}

/** What `work` returns, or the ProofError that it threw. */
function caught<T>(work: () => T): T | ProofError {
  try {
    return work();
  } catch (error) {
    if (error instanceof ProofError) return error;
    throw error;
  }
}
