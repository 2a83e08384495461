import type { Fields } from '../../../readings/index.ts';
import { known, scaled } from '../numbers.ts';
import type { LoRaConfig } from './messages.ts';

/** Spreading factor, bandwidth in Hz, and the n of 4/n, by Config.LoRaConfig.ModemPreset (Meshtastic, "LoRa configuration"). */
const PRESETS: readonly (readonly [spreadingFactor: number, bandwidth: number, codingRate: number])[] = [
  [11, 250_000, 5], // LONG_FAST
  [12, 125_000, 8], // LONG_SLOW
  [12, 62_500, 8], // VERY_LONG_SLOW
  [10, 250_000, 5], // MEDIUM_SLOW
  [9, 250_000, 5], // MEDIUM_FAST
  [8, 250_000, 5], // SHORT_SLOW
  [7, 250_000, 5], // SHORT_FAST
  [11, 125_000, 8], // LONG_MODERATE
  [7, 500_000, 5], // SHORT_TURBO
];

/** Config.LoRaConfig.RegionCode of the 2.4 GHz band, whose presets are of other bandwidths. */
const LORA_24 = 13;

/** kHz that are written without their fraction. */
const FRACTIONS: ReadonlyMap<number, number> = new Map([
  [31, 31_250],
  [62, 62_500],
  [200, 203_125],
  [400, 406_250],
  [800, 812_500],
  [1_600, 1_625_000],
]);

export type Modem = Pick<Fields<'lora.uplink'>, 'frequency' | 'spreadingFactor' | 'bandwidth' | 'codingRate'>;

/** What a node's configuration says of how it listens. The frequency is known only where it is set by itself. */
export function readModem(config: LoRaConfig): Modem {
  const frequency = config.overrideFrequency > 0 ? scaled(config.overrideFrequency, 6, 0, 4_294_967_295) : undefined;
  if (!config.usePreset) {
    const { bandwidth, spreadFactor, codingRate } = config;
    return known({
      frequency,
      spreadingFactor: spreadFactor >= 5 && spreadFactor <= 12 ? spreadFactor : undefined,
      bandwidth: bandwidth > 0 && bandwidth <= 2_000 ? (FRACTIONS.get(bandwidth) ?? bandwidth * 1000) : undefined,
      codingRate: codingRate >= 5 && codingRate <= 8 ? codingRate : undefined,
    });
  }
  const preset = config.region === LORA_24 ? undefined : PRESETS[config.modemPreset];
  return known({ frequency, spreadingFactor: preset?.[0], bandwidth: preset?.[1], codingRate: preset?.[2] });
}
