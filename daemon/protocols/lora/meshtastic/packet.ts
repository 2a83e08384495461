import type { Fields } from '../../../readings/index.ts';
import { known, rssiOf, scaled, snrOf } from '../numbers.ts';
import { type PayloadRule, payloadFields } from '../payload.ts';
import type { MeshPacket } from './messages.ts';
import type { Modem } from './modem.ts';

/** MeshPacket.TransportMechanism: the node's radios. */
const FIRST_RADIO = 1;
const LAST_RADIO = 4;

/**
 * Whether the node's radio heard a packet: not what it sent itself, or what came by MQTT or by the network. Firmware
 * before 2.7 does not name the way; a packet without a signal was not heard.
 */
export function isHeard(packet: MeshPacket, myNode: number | undefined): boolean {
  if (packet.from === myNode) return false;
  if (packet.transport !== 0) return packet.transport >= FIRST_RADIO && packet.transport <= LAST_RADIO;
  return !packet.viaMqtt && (packet.rxRssi !== 0 || packet.rxSnr !== 0);
}

/** A packet that the node's radio heard. The payload is without the 16 bytes of header, whose fields stand by themselves. */
export function readPacket(packet: MeshPacket, modem: Modem, rule: PayloadRule): Fields<'lora.uplink'> {
  const payload = packet.decoded?.payload ?? packet.encrypted ?? new Uint8Array();
  return {
    ...modem,
    ...(payload.length <= 255 ? payloadFields(new Uint8Array(payload), rule) : {}),
    ...known({
      from: packet.from,
      to: packet.to,
      packetId: packet.id,
      portNum: packet.decoded ? scaled(packet.decoded.portnum, 0, 0, 511) : undefined,
      hopLimit: scaled(packet.hopLimit, 0, 0, 7),
      hopStart: scaled(packet.hopStart, 0, 0, 7),
      rssi: packet.rxRssi === 0 ? undefined : rssiOf(packet.rxRssi),
      snr: snrOf(packet.rxSnr),
      time: packet.rxTime > 0 ? packet.rxTime * 1000 : undefined,
    }),
  };
}
