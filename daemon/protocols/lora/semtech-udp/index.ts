import type { Protocol } from '../../protocol.ts';
import { payloadSetting } from '../payload.ts';

/**
 * The Semtech packet forwarder's protocol over UDP (GWMP), version 2: Lora-net sx1302_hal, packet_forwarder/PROTOCOL.md.
 * With `forwardTo`, a port serves one forwarder: a second server's downlinks do not say which gateway they are for.
 */
export const semtechUdp: Protocol = {
  name: 'semtech-udp',
  title: 'LoRa concentrators: the Semtech packet forwarder protocol over UDP (GWMP v2)',
  kinds: ['lora.uplink', 'lora.stat', 'lora.beacon'],
  settings: {
    payload: payloadSetting('keep'),
    forwardTo: {
      type: 'text',
      about: "host:port of a second server, which gets everything as well: the hotspot's own network keeps working",
    },
    leadTime: {
      type: 'duration',
      default: 0,
      about:
        "Beacons are sent so long from now by the concentrator's counter, which is then sealed; 0 sends them at once",
    },
  },
  loadDecoder: async () => {
    const { SemtechUdpDecoder } = await import('./decoder.ts');
    return (options) => new SemtechUdpDecoder(options);
  },
};
