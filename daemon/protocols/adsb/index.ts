import type { Protocol } from '../protocol.ts';

/** ADS-B and Mode S receivers: Beast binary and AVR text. */
export const adsb: Protocol = {
  name: 'adsb',
  title: 'ADS-B and Mode S receivers: Beast binary or AVR text',
  kinds: ['adsb.squitter', 'adsb.position'],
  settings: {
    lat: {
      type: 'number',
      about: 'Latitude of the antenna, degrees: places aircraft on the ground, and single reports',
    },
    lon: { type: 'number', about: 'Longitude of the antenna, degrees' },
    range: { type: 'number', default: 555, about: 'How far the antenna hears, km: no position beyond it is believed' },
  },
  loadDecoder: async () => {
    const { AdsbDecoder } = await import('./decoder.ts');
    return (options) => new AdsbDecoder(options);
  },
};
