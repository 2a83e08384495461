import { stat } from 'node:fs/promises';

/** systemd-timesyncd touches it at each successful synchronisation (systemd-timesyncd.service(8), FILES). */
export const TIMESYNCD_FILE = '/run/systemd/timesync/synchronized';

/** When systemd-timesyncd last set the clock right, ms since the Unix epoch by that clock; undefined where it has not since boot. */
export async function lastTimesync(file = TIMESYNCD_FILE): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.mtimeMs;
}
