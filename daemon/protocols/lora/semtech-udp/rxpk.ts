import type { Fields } from '../../../readings/index.ts';
import { leapSecondsAt } from '../../gnss/time.ts';
import { readLorawanHeader } from '../lorawan.ts';
import { known, rssiOf, scaled, snrOf } from '../numbers.ts';
import { type PayloadRule, payloadFields } from '../payload.ts';
import { asObject } from './datagram.ts';

type Json = Readonly<Record<string, unknown>>;

const GPS_EPOCH = Date.UTC(1980, 0, 6);
/** CRC states by the forwarder's `stat`, as the choice of lora.uplink counts them. */
const CRC_OK = 1;
const CRC_BAD = 2;
const CRC_NONE = 3;

/**
 * A received packet as a packet forwarder reports it (Semtech protocol, section 4; `rsig` of forwarders with the fine
 * timestamp, "jver" 2). Undefined where it carries no packet: no data, or data of another size than it says.
 */
export function readRxpk(rxpk: Json, eui: Uint8Array, rule: PayloadRule): Fields<'lora.uplink'> | undefined {
  const packet = readData(rxpk);
  if (packet === undefined) return undefined;
  const crc = readCrc(rxpk['stat']);
  return {
    // The header of a packet that failed its checksum may say anything.
    ...(crc === CRC_BAD ? {} : readLorawanHeader(packet)),
    ...payloadFields(packet, rule),
    ...readModulation(rxpk),
    ...readSignal(rxpk),
    ...known({
      frequency: scaled(rxpk['freq'], 6, 0, 4_294_967_295),
      crc,
      tmst: scaled(rxpk['tmst'], 0, 0, 4_294_967_295),
      rfChain: scaled(rxpk['rfch'], 0, 0, 255),
      time: readTime(rxpk),
      gatewayEUI: eui.length === 8 ? eui : undefined,
    }),
  };
}

/** Base64 of either alphabet, padded or not: the specification's own examples mix them. */
function readData(rxpk: Json): Uint8Array | undefined {
  const data = rxpk['data'];
  if (typeof data !== 'string' || data.length > 344 || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(data)) return undefined;
  const packet = new Uint8Array(Buffer.from(data, 'base64'));
  const size = rxpk['size'];
  return packet.length <= 255 && (size === undefined || size === packet.length) ? packet : undefined;
}

function readCrc(stat: unknown): number | undefined {
  if (stat === 1) return CRC_OK;
  if (stat === -1) return CRC_BAD;
  return stat === 0 ? CRC_NONE : undefined;
}

type Modulation = Pick<Fields<'lora.uplink'>, 'spreadingFactor' | 'bandwidth' | 'codingRate' | 'dataRate'>;

/** LoRa: datr is SFnBWm, m in kHz; codr is 4/n. FSK: datr is a number, bit/s. */
function readModulation(rxpk: Json): Modulation {
  const { datr, codr } = rxpk;
  if (typeof datr === 'number') return known({ dataRate: scaled(datr, 0, 0, 1_000_000) });
  const rate = typeof datr === 'string' ? /^SF(\d{1,2})BW(\d{1,4}(?:\.\d{1,3})?)$/.exec(datr) : null;
  const coding = typeof codr === 'string' ? /^4\/([5-8])/.exec(codr) : null;
  return known({
    spreadingFactor: rate === null ? undefined : scaled(Number(rate[1]), 0, 5, 12),
    bandwidth: rate === null ? undefined : scaled(Number(rate[2]), 3, 0, 10_000_000),
    codingRate: coding === null ? undefined : Number(coding[1]),
  });
}

type Signal = Pick<Fields<'lora.uplink'>, 'rssi' | 'rssiSignal' | 'snr' | 'channel'>;

function readSignal(rxpk: Json): Signal {
  const antenna = bestAntenna(rxpk['rsig']);
  return known({
    rssi: rssiOf(rxpk['rssi'] ?? antenna?.['rssic']),
    rssiSignal: rssiOf(rxpk['rssis'] ?? antenna?.['rssis']),
    snr: snrOf(rxpk['lsnr'] ?? antenna?.['lsnr']),
    channel: scaled(rxpk['chan'] ?? antenna?.['chan'], 0, 0, 255),
  });
}

/** The antenna that heard the packet best, where the forwarder reports each. */
function bestAntenna(rsig: unknown): Json | undefined {
  if (!Array.isArray(rsig)) return undefined;
  let best: Json | undefined;
  for (const entry of rsig) {
    const antenna = asObject(entry);
    if (antenna !== undefined && (best === undefined || snr(antenna) > snr(best))) best = antenna;
  }
  return best;
}

const snr = (antenna: Json): number =>
  typeof antenna['lsnr'] === 'number' ? antenna['lsnr'] : Number.NEGATIVE_INFINITY;

/** UTC by `time`, else by `tmms`, the milliseconds of GPS time since its epoch. */
function readTime({ time, tmms }: Json): number | undefined {
  const utc = typeof time === 'string' ? readUtc(time) : undefined;
  if (utc !== undefined) return utc;
  if (typeof tmms !== 'number' || !Number.isSafeInteger(tmms) || tmms <= 0) return undefined;
  const gps = GPS_EPOCH + tmms;
  return scaled(gps - leapSecondsAt(gps) * 1000, 0, 0, 253_402_300_799_999);
}

/** ISO 8601 as rxpk writes it, and "2014-01-12 08:59:28 GMT" as stat does. */
export function readUtc(text: string): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:Z| GMT| UTC)$/.exec(text);
  if (parts === null) return undefined;
  const time = Date.parse(`${parts[1]}T${parts[2]}Z`);
  return Number.isNaN(time) || time < 0 ? undefined : time;
}
