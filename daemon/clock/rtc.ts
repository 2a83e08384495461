import { readFile } from 'node:fs/promises';

const RTC_FOLDER = '/sys/class/rtc/rtc0';

/** What the battery-backed clock shows, ms since the Unix epoch in whole seconds (rtc(4), sysfs); undefined where there is none. */
export async function readRtc(folder = RTC_FOLDER): Promise<number | undefined> {
  const text = await readFile(`${folder}/since_epoch`, 'latin1').catch(() => '');
  const seconds = /^\d+$/.test(text.trim()) ? Number(text) : undefined;
  return seconds === undefined ? undefined : seconds * 1_000;
}
