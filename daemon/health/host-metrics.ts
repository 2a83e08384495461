import type { Fields } from '../readings/index.ts';
import { flag, type Registrar } from './registrar.ts';
import type { GatewayStatus } from './status.ts';

/** The host by its last host.health reading, for gateways that have no exporter of their own. */
export function hostMetrics(registrar: Registrar, status: () => GatewayStatus): void {
  const gauge = (name: string, help: string, value: (host: Fields<'host.health'>) => number | undefined) =>
    registrar.gauge(name, help, () => {
      const host = status().recent?.host;
      return host === undefined ? undefined : value(host);
    });
  const isOne = (value: number | undefined) => flag(value === undefined ? undefined : value === 1);
  gauge('host_cpu_temperature_celsius', 'Temperature of the processor', ({ cpuTemperature }) =>
    cpuTemperature === undefined ? undefined : cpuTemperature / 1_000,
  );
  gauge('host_load', 'Load average over one minute', ({ load }) => (load === undefined ? undefined : load / 100));
  gauge('host_memory_available_bytes', 'Memory that a program could still have', (host) => host.memoryAvailable);
  gauge('host_memory_size_bytes', 'Main memory', (host) => host.memoryTotal);
  gauge('host_disk_available_bytes', "Free space on the daemon's file system", (host) => host.diskAvailable);
  gauge('host_disk_size_bytes', "Size of the daemon's file system", (host) => host.diskTotal);
  gauge('host_under_voltage', '1 while the supply voltage is too low', (host) => isOne(host.underVoltage));
  gauge('host_throttled', '1 while the processor is slowed by heat or voltage', (host) => isOne(host.throttled));
}
