import type { Protocol } from '../../protocol.ts';
import { payloadSetting } from '../payload.ts';
import { HEARTBEAT_MS } from './settings.ts';

/** Meshtastic's Client API over a serial port: framing of its "Streaming version", messages of mesh.proto. */
export const meshtastic: Protocol = {
  name: 'meshtastic',
  title: 'Meshtastic nodes: what their radio hears, by the Client API over serial',
  kinds: ['lora.uplink'],
  settings: {
    // A node deciphers what its channels' keys open: that is somebody's message, not what was on the air.
    payload: payloadSetting('hash'),
    heartbeat: {
      type: 'duration',
      default: HEARTBEAT_MS,
      about: 'How often the node is told that somebody listens; after 15 minutes without, it may stop',
    },
  },
  loadDecoder: async () => {
    const { MeshtasticDecoder } = await import('./decoder.ts');
    return (options) => new MeshtasticDecoder(options);
  },
};
