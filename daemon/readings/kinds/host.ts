import type { KindSpec } from '../field.ts';
import { flag, int } from './fields.ts';

export const HOST_KINDS = {
  'host.health': {
    number: 5,
    about: 'How the gateway itself is: heat, load, memory, disk, uptime, power.',
    required: ['uptime'],
    fields: {
      uptime: int(1, 's', 0, 0, 4_294_967_295, 'Since the gateway booted'),
      cpuTemperature: int(2, 'Cel', 3, -100_000, 200_000, 'Temperature of the processor'),
      load: int(3, '', 2, 0, 10_000_000, 'Load average over one minute'),
      memoryTotal: int(4, 'B', 0, 0, Number.MAX_SAFE_INTEGER, 'Main memory'),
      memoryAvailable: int(5, 'B', 0, 0, Number.MAX_SAFE_INTEGER, 'Main memory that a program could still have'),
      diskTotal: int(6, 'B', 0, 0, Number.MAX_SAFE_INTEGER, "Size of the file system that holds the daemon's data"),
      diskAvailable: int(7, 'B', 0, 0, Number.MAX_SAFE_INTEGER, "Free space on the daemon's file system"),
      underVoltage: flag(8, 'Supply voltage too low now, where the host tells'),
      throttled: flag(9, 'Processor slowed by heat or voltage now, where the host tells'),
    },
  },
} as const satisfies Readonly<Record<string, KindSpec>>;
