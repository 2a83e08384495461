import { readdir, readFile, readlink } from 'node:fs/promises';

export interface Holder {
  readonly pid: number;
  /** The program's name. */
  readonly name: string;
}

/** The processes other than this one that hold a file open, as far as this one may see: proc_pid_fd(5). */
export async function holdersOf(path: string, root = ''): Promise<Holder[]> {
  const found: Holder[] = [];
  for (const { pid, name } of await processes(root)) {
    if (pid === process.pid) continue;
    const folder = `${root}/proc/${pid}/fd`;
    for (const fd of await readdir(folder).catch(() => [])) {
      if ((await readlink(`${folder}/${fd}`).catch(() => undefined)) !== path) continue;
      found.push({ pid, name });
      break;
    }
  }
  return found;
}

/** What runs on this host. */
export async function processes(root = ''): Promise<Holder[]> {
  const names = await readdir(`${root}/proc`).catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      name: (await readFile(`${root}/proc/${pid}/comm`, 'utf8').catch(() => '')).trim(),
    })),
  );
}
