import { readFile, statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { loadavg, uptime } from 'node:os';
import type { cpuTemperature, mem } from 'systeminformation';
import type { Fields } from '../readings/index.ts';

// Two of the library's eighteen parts: a megabyte less of code that is never called.
const part = createRequire(import.meta.url);
const processor: { readonly cpuTemperature: typeof cpuTemperature } = part('systeminformation/lib/cpu.js');
const memoryOf: { readonly mem: typeof mem } = part('systeminformation/lib/memory.js');

/** Where the Raspberry Pi's firmware tells of its supply (raspberrypi/documentation, "get_throttled"). */
const THROTTLED = '/sys/devices/platform/soc/soc:firmware/get_throttled';
const UNDER_VOLTAGE_NOW = 1 << 0;
const FREQUENCY_CAPPED_NOW = 1 << 1;
const THROTTLED_NOW = 1 << 2;

/**
 * How the gateway is: one host.health reading. What the host does not tell is left out.
 *
 * @param dataFolder a path on the file system whose space counts
 */
export async function readHostHealth(dataFolder: string): Promise<Fields<'host.health'>> {
  const [temperature, memory, disk, supply] = await Promise.all([
    processor.cpuTemperature(),
    memoryOf.mem(),
    statfs(dataFolder),
    readSupply(THROTTLED),
  ]);
  return {
    uptime: Math.floor(uptime()),
    ...(Number.isFinite(temperature.main) ? { cpuTemperature: Math.round(temperature.main * 1_000) } : {}),
    load: Math.round((loadavg()[0] ?? 0) * 100),
    memoryTotal: memory.total,
    memoryAvailable: memory.available,
    diskTotal: disk.blocks * disk.bsize,
    diskAvailable: disk.bavail * disk.bsize,
    ...supply,
  };
}

/** The firmware's flags; empty on a host that has none. */
export async function readSupply(file: string): Promise<Pick<Fields<'host.health'>, 'underVoltage' | 'throttled'>> {
  let text: string;
  try {
    text = await readFile(file, 'latin1');
  } catch {
    return {};
  }
  const flags = Number.parseInt(text.trim(), 16);
  if (!Number.isSafeInteger(flags)) return {};
  return {
    underVoltage: flags & UNDER_VOLTAGE_NOW ? 1 : 0,
    throttled: flags & (THROTTLED_NOW | FREQUENCY_CAPPED_NOW) ? 1 : 0,
  };
}
