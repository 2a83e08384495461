import { adsb } from './adsb/index.ts';
import { atModem } from './cellular/index.ts';
import { gnss } from './gnss/index.ts';
import { meshtastic, rak3172, rn2483, semtechUdp, wioE5 } from './lora/index.ts';
import type { Protocol } from './protocol.ts';

export type {
  BeaconRequest,
  ConfigurationState,
  CreateDecoder,
  Decoder,
  DecoderOptions,
  DecoderStats,
  DeviceConfiguration,
  Frame,
  Framer,
  Noise,
  NoiseReason,
  Protocol,
  ProtocolSettings,
  SettingSpec,
  UbxLegacyConfiguration,
} from './protocol.ts';

/** The protocols that a port can speak, by the name that profiles and `fieldseal decode` use. */
export const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  adsb,
  'at-modem': atModem,
  gnss,
  'semtech-udp': semtechUdp,
  'wio-e5': wioE5,
  rn2483,
  rak3172,
  meshtastic,
};

/** The protocol of a name; undefined where there is none. */
export function findProtocol(name: string): Protocol | undefined {
  return Object.hasOwn(PROTOCOLS, name) ? PROTOCOLS[name] : undefined;
}
