import type { Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Under whose name something runs. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly groups: ReadonlySet<number>;
}

/** Bits of access(2). */
export const READ = 4;
export const WRITE = 2;
export const ENTER = 1;

/** The account of a name in passwd(5) and group(5) below `root`; undefined where there is none. */
export async function findAccount(name: string, root = ''): Promise<Account | undefined> {
  const entry = (await linesOf(`${root}/etc/passwd`)).find(([user]) => user === name);
  const [uid, gid] = [Number(entry?.[2]), Number(entry?.[3])];
  if (!Number.isInteger(uid) || !Number.isInteger(gid)) return undefined;
  const groups = new Set([gid]);
  for (const [, , group, members = ''] of await linesOf(`${root}/etc/group`)) {
    if (members.split(',').includes(name)) groups.add(Number(group));
  }
  return { name, uid, groups };
}

/** The account that this program runs under. */
export async function ownAccount(): Promise<Account> {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const entry = (await linesOf('/etc/passwd')).find(([, , id]) => Number(id) === uid);
  return { name: entry?.[0] ?? String(uid), uid, groups: new Set([gid, ...(process.getgroups?.() ?? [])]) };
}

/** The name of a group, or its number. */
export async function groupName(gid: number, root = ''): Promise<string> {
  const entry = (await linesOf(`${root}/etc/group`)).find(([, , id]) => Number(id) === gid);
  return entry?.[0] ?? String(gid);
}

/** Whether the file's mode grants all of `access` to the account. Access lists and security modules are not looked at. */
export function grants({ mode, uid, gid }: Stats, account: Account, access: number): boolean {
  if (account.uid === 0) return true;
  const shift = account.uid === uid ? 6 : account.groups.has(gid) ? 3 : 0;
  return ((mode >> shift) & access) === access;
}

async function linesOf(file: string): Promise<string[][]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').map((line) => line.split(':'));
}
