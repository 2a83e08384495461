import type { Fields } from '../../../readings/index.ts';
import { known, scaled } from '../numbers.ts';
import { readUtc } from './rxpk.ts';

/** A packet forwarder's report on itself (Semtech protocol, section 4). A position of 0, 0 is that of no GNSS fix. */
export function readStat(stat: Readonly<Record<string, unknown>>, eui: Uint8Array): Fields<'lora.stat'> {
  const { time, lati, long, alti } = stat;
  const counter = (name: string): number | undefined => scaled(stat[name], 0, 0, 4_294_967_295);
  const position =
    lati === 0 && long === 0
      ? {}
      : {
          lat: scaled(lati, 7, -900_000_000, 900_000_000),
          lon: scaled(long, 7, -1_800_000_000, 1_800_000_000),
          alt: scaled(alti, 3, -100_000_000, 100_000_000),
        };
  return known({
    ...position,
    time: typeof time === 'string' ? readUtc(time) : undefined,
    rxnb: counter('rxnb'),
    rxok: counter('rxok'),
    rxfw: counter('rxfw'),
    ackr: scaled(stat['ackr'], 1, 0, 1_000),
    dwnb: counter('dwnb'),
    txnb: counter('txnb'),
    gatewayEUI: eui.length === 8 ? eui : undefined,
  });
}
