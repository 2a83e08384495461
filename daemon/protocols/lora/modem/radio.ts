import type { BeaconRequest, ProtocolSettings, SettingSpec } from '../../protocol.ts';
import { payloadSetting } from '../payload.ts';

/** How a radio is set, to listen or to transmit. */
export interface Radio {
  /** Hz */
  readonly frequency: number;
  readonly spreadingFactor: number;
  /** Hz */
  readonly bandwidth: number;
  /** The n of 4/n. */
  readonly codingRate: number;
  /** dBm */
  readonly power: number;
  /** Symbols */
  readonly preamble: number;
  /** LoRaWAN's sync word 0x34, else the private 0x12. */
  readonly publicNetwork: boolean;
  readonly invertIQ: boolean;
}

const DEFAULTS: Radio = {
  frequency: 868_100_000,
  spreadingFactor: 7,
  bandwidth: 125_000,
  codingRate: 5,
  power: 14,
  preamble: 8,
  publicNetwork: false,
  invertIQ: false,
};

export const CHECK_MS = 300_000;

/** What a profile may set of any LoRa modem. */
export const RADIO_SETTINGS: Readonly<Record<string, SettingSpec>> = {
  frequency: { type: 'number', default: DEFAULTS.frequency, about: 'Centre frequency that it listens at, in Hz' },
  spreadingFactor: { type: 'number', default: DEFAULTS.spreadingFactor, about: 'Spreading factor, 7 to 12' },
  bandwidth: { type: 'number', default: DEFAULTS.bandwidth, about: 'Bandwidth in Hz: 125000, 250000 or 500000' },
  codingRate: { type: 'number', default: DEFAULTS.codingRate, about: 'Coding rate: the n of 4/n, 5 to 8' },
  power: { type: 'number', default: DEFAULTS.power, about: 'Transmit power in dBm, where a beacon does not say' },
  preamble: { type: 'number', default: DEFAULTS.preamble, about: 'Symbols of the preamble' },
  publicNetwork: {
    type: 'flag',
    default: DEFAULTS.publicNetwork,
    about: "Listens with LoRaWAN's sync word (0x34) and reads LoRaWAN headers; otherwise with the private one (0x12)",
  },
  invertIQ: { type: 'flag', default: DEFAULTS.invertIQ, about: 'Inverted polarity, as LoRaWAN downlinks have' },
  payload: payloadSetting('keep'),
  check: {
    type: 'duration',
    default: CHECK_MS,
    about: 'How often the modem is asked whether it still listens; what arrives in that moment is lost',
  },
};

export function readRadio(settings: ProtocolSettings = {}): Radio {
  const number = (name: keyof Radio, otherwise: number): number => {
    const value = settings[name];
    return typeof value === 'number' ? value : otherwise;
  };
  return {
    frequency: number('frequency', DEFAULTS.frequency),
    spreadingFactor: number('spreadingFactor', DEFAULTS.spreadingFactor),
    bandwidth: number('bandwidth', DEFAULTS.bandwidth),
    codingRate: number('codingRate', DEFAULTS.codingRate),
    power: number('power', DEFAULTS.power),
    preamble: number('preamble', DEFAULTS.preamble),
    publicNetwork: settings['publicNetwork'] === true,
    invertIQ: settings['invertIQ'] === true,
  };
}

/** The radio as a beacon wants it; what a beacon does not say stays as it listens. */
export const radioFor = (radio: Radio, beacon: BeaconRequest): Radio => ({
  ...radio,
  frequency: beacon.frequency,
  spreadingFactor: beacon.spreadingFactor,
  bandwidth: beacon.bandwidth,
  codingRate: beacon.codingRate,
  power: beacon.power,
});
