import { kidToText, type PublicKeyJson, publicKeyToJson } from '../proof/index.ts';
import type { Device, PinnedProfile } from './ledger/devices.ts';
import type { Ledger } from './ledger/ledger.ts';

/** A device as the verifier admitted it: what devices.json holds, and all that a third party needs to verify its proofs. */
export interface DeviceJson {
  readonly kid: string;
  readonly publicKey: PublicKeyJson;
  readonly algorithm: string;
  readonly custody: { readonly hardware: boolean; readonly holder: string };
  readonly owner?: string;
  /** Degrees and metres above mean sea level. */
  readonly place?: { readonly lat: number; readonly lon: number; readonly altMSL?: number };
  readonly profiles: readonly PinnedProfile[];
  readonly state: string;
  /** ISO 8601. */
  readonly admitted: string;
  /** The enrolment record as the device signed it, base64. */
  readonly enrolment: string;
}

/** A device with how its proofs fared. */
export interface DeviceListing extends DeviceJson {
  readonly epoch?: string;
  readonly lastSeq?: number;
  readonly lastSeen?: string;
  readonly proofs: {
    readonly accepted: number;
    readonly flagged: number;
    readonly rejected: number;
    readonly held: number;
    readonly missing: number;
  };
  readonly equivocations: number;
  readonly refusals: readonly { readonly reason: string; readonly count: number; readonly last: string }[];
}

export interface DeviceList {
  readonly devices: readonly DeviceListing[];
  /** Key ids that publish proofs, and that nobody admitted. */
  readonly strangers: readonly { readonly kid: string; readonly messages: number; readonly lastSeen: string }[];
}

/** Every admitted device with its counts, and who else is knocking. */
export function listDevices(ledger: Ledger): DeviceList {
  return ledger.read(() => ({
    devices: ledger.devices.all().map((device) => {
      const { lastSeen, epoch, lastSeq, equivocations, ...proofs } = ledger.statistics.of(device.id);
      return {
        ...toJson(device),
        ...(epoch === undefined ? {} : { epoch: Buffer.from(epoch).toString('hex') }),
        ...(lastSeq === undefined ? {} : { lastSeq }),
        ...(lastSeen === undefined ? {} : { lastSeen: iso(lastSeen) }),
        proofs,
        equivocations,
        refusals: ledger.refusals
          .of(device.id)
          .map(({ reason, count, lastSeen: last }) => ({ reason, count, last: iso(last) })),
      };
    }),
    strangers: ledger.refusals
      .strangers()
      .map(({ kid, count, lastSeen }) => ({ kid: kidToText(kid), messages: count, lastSeen: iso(lastSeen) })),
  }));
}

/** The content of devices.json: what was admitted, without what came of it. */
export function exportDevices(ledger: Ledger): { readonly devices: readonly DeviceJson[] } {
  return ledger.read(() => ({ devices: ledger.devices.all().map(toJson) }));
}

function toJson(device: Device): DeviceJson {
  const { owner, place } = device;
  return {
    kid: kidToText(device.kid),
    publicKey: publicKeyToJson(device.publicKey),
    algorithm: device.publicKey.algorithm,
    custody: device.custody,
    ...(owner === undefined ? {} : { owner }),
    ...(place === undefined ? {} : { place: placeToJson(place) }),
    profiles: device.profiles,
    state: device.state,
    admitted: iso(device.admitted),
    enrolment: Buffer.from(device.enrolment).toString('base64'),
  };
}

const placeToJson = ({ lat, lon, altMSL }: NonNullable<Device['place']>) => ({
  lat: lat / 1e7,
  lon: lon / 1e7,
  ...(altMSL === undefined ? {} : { altMSL: altMSL / 1e3 }),
});

const iso = (ms: number): string => new Date(ms).toISOString();
