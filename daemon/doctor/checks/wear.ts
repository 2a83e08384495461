import { readdir, readFile } from 'node:fs/promises';
import { type Finding, fail, ok, warn } from '../finding.ts';
import type { Patient } from '../patient.ts';

const AREA = 'disk';
const OLD = 8;
const PRE_EOL_URGENT = 3;

/**
 * How worn the eMMC says that it is: EXT_CSD DEVICE_LIFE_TIME_EST_TYP_A and _B in tenths, 11 for beyond, and PRE_EOL_INFO (JESD84-B51,
 * section 7.4). SD cards do not tell.
 */
export async function checkWear({ root }: Patient): Promise<Finding[]> {
  const devices = await readdir(`${root}/sys/block`).catch(() => []);
  const findings: Finding[] = [];
  for (const device of devices.filter((name) => /^mmcblk\d+$/.test(name))) {
    const [life, preEol] = await Promise.all(['life_time', 'pre_eol_info'].map((name) => numbers(root, device, name)));
    const used = Math.max(0, ...(life ?? []));
    if (used === 0) continue;
    const what = used > 10 ? `${device} has outlived its estimated life` : `${device} is up to ${used * 10} % worn`;
    const remedy = 'plan to replace it; a larger batching.maxAge and journal.interval write less';
    const worn = used > 10 || (preEol?.[0] ?? 0) >= PRE_EOL_URGENT;
    findings.push(worn ? fail(AREA, what, remedy) : used >= OLD ? warn(AREA, what, remedy) : ok(AREA, what));
  }
  return findings;
}

async function numbers(root: string, device: string, name: string): Promise<number[]> {
  const text = await readFile(`${root}/sys/block/${device}/device/${name}`, 'latin1').catch(() => '');
  return text.trim().split(/\s+/).map(Number).filter(Number.isInteger);
}
