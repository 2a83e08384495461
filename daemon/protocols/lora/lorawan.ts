import type { Fields } from '../../readings/index.ts';

/** What a LoRaWAN packet says in clear. */
export type LorawanHeader = Pick<Fields<'lora.uplink'>, 'mType' | 'devAddr' | 'joinEUI' | 'devEUI' | 'fCnt' | 'fPort'>;

const JOIN_REQUEST = 0;
const JOIN_ACCEPT = 1;
const REJOIN_REQUEST = 6;
const PROPRIETARY = 7;
const MIC = 4;

/**
 * Reads the header of a LoRaWAN packet (LoRaWAN L2 1.0.4, sections 4.1 to 4.3 and 6.2; 1.1, section 6.2.4), as far as it
 * is in clear. Addresses and EUIs come most significant byte first, as they are printed; the counter is the 16 bits that
 * are sent. Undefined where the bytes can be no packet of a known major version.
 */
export function readLorawanHeader(packet: Uint8Array): LorawanHeader | undefined {
  const mhdr = packet[0];
  if (mhdr === undefined || (mhdr & 0x03) !== 0) return undefined;
  const mType = mhdr >> 5;
  switch (mType) {
    case JOIN_REQUEST:
      return packet.length === 23
        ? { mType, joinEUI: reversed(packet, 1, 9), devEUI: reversed(packet, 9, 17) }
        : undefined;
    case JOIN_ACCEPT:
      return packet.length === 17 || packet.length === 33 ? { mType } : undefined;
    case REJOIN_REQUEST:
      return readRejoin(packet, mType);
    case PROPRIETARY:
      return { mType };
    default:
      return readData(packet, mType);
  }
}

/** MHDR, DevAddr, FCtrl, FCnt, FOpts, then FPort and the payload where there is one, and the MIC. */
function readData(packet: Uint8Array, mType: number): LorawanHeader | undefined {
  const control = packet[5];
  if (control === undefined || packet.length < 8 + MIC) return undefined;
  const options = control & 0x0f;
  const port = 8 + options;
  if (packet.length < port + MIC) return undefined;
  const header = { mType, devAddr: reversed(packet, 1, 5), fCnt: (packet[6] ?? 0) | ((packet[7] ?? 0) << 8) };
  const fPort = packet[port];
  return packet.length > port + MIC && fPort !== undefined ? { ...header, fPort } : header;
}

/** Types 0 and 2 name the network, type 1 the join server (LoRaWAN 1.1, section 6.2.4). */
function readRejoin(packet: Uint8Array, mType: number): LorawanHeader | undefined {
  const type = packet[1];
  if ((type === 0 || type === 2) && packet.length === 19) return { mType, devEUI: reversed(packet, 5, 13) };
  if (type === 1 && packet.length === 24) {
    return { mType, joinEUI: reversed(packet, 2, 10), devEUI: reversed(packet, 10, 18) };
  }
  return undefined;
}

const reversed = (bytes: Uint8Array, start: number, end: number): Uint8Array => bytes.slice(start, end).reverse();
