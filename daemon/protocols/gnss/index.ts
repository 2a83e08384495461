import type { Protocol } from '../protocol.ts';
import { GSENSOR_SETTINGS } from './accelerometer.ts';
import { planConfiguration } from './configure/index.ts';

/** GNSS receivers: NMEA 0183, UBX and RTCM3, mixed as they come on one port. */
export const gnss: Protocol = {
  name: 'gnss',
  title: 'GNSS receivers: NMEA 0183, UBX and RTCM3, mixed as they come',
  kinds: ['gnss.fix', 'gnss.sky', 'gnss.integrity', 'imu.sample', 'rtcm.station', 'rtcm.epoch'],
  settings: GSENSOR_SETTINGS,
  checkConfiguration: (configure) => planConfiguration(configure).problems,
  loadDecoder: async () => {
    const { GnssDecoder } = await import('./decoder.ts');
    return (options) => new GnssDecoder(options);
  },
};
