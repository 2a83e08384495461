import type { KindSpec } from '../field.ts';
import { int, time } from './fields.ts';

export const IMU_KINDS = {
  'imu.sample': {
    number: 4,
    about: 'Accelerations and angular rates of an inertial sensor, in its own axes.',
    required: [],
    fields: {
      time: time(1, 'UTC time of the sample, where it is known'),
      timeTag: int(2, 's', 3, 0, 4_294_967_295, "The sensor's own time tag"),
      accX: int(3, 'm/s2', 6, -2_000_000_000, 2_000_000_000, 'Acceleration along x'),
      accY: int(4, 'm/s2', 6, -2_000_000_000, 2_000_000_000, 'Acceleration along y'),
      accZ: int(5, 'm/s2', 6, -2_000_000_000, 2_000_000_000, 'Acceleration along z'),
      gyroX: int(6, 'deg/s', 6, -10_000_000_000, 10_000_000_000, 'Angular rate about x'),
      gyroY: int(7, 'deg/s', 6, -10_000_000_000, 10_000_000_000, 'Angular rate about y'),
      gyroZ: int(8, 'deg/s', 6, -10_000_000_000, 10_000_000_000, 'Angular rate about z'),
      temperature: int(9, 'Cel', 2, -27_315, 100_000, 'Temperature of the sensor'),
      wheelSpeed: int(10, 'm/s', 3, -1_000_000, 1_000_000, 'Speed of the vehicle by its wheels'),
      wheelTicks: int(11, '', 0, -8_388_608, 8_388_607, 'Single-tick wheel counter, negative when moving backward'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
