import { readFile } from 'node:fs/promises';

/** Where a folder is mounted from: proc_pid_mountinfo(5). */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  readonly readOnly: boolean;
}

/** The mount that a path lies on. */
export async function mountOf(path: string, root = ''): Promise<Mount | undefined> {
  const text = await readFile(`${root}/proc/self/mountinfo`, 'utf8').catch(() => '');
  const mounts = text.split('\n').flatMap((line): Mount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , point, options = ''] = before.split(' ');
    const [type, source = '', superOptions = ''] = after.split(' ');
    if (point === undefined || type === undefined) return [];
    const readOnly = [options, superOptions].some((all) => all.split(',').includes('ro'));
    return [{ point: octalToText(point), type, source: octalToText(source), readOnly }];
  });
  const holds = ({ point }: Mount): boolean => path === point || path.startsWith(point === '/' ? '/' : `${point}/`);
  // Of mounts on one point the last hides those before.
  return mounts
    .filter(holds)
    .reduce<Mount | undefined>(
      (best, mount) => (best === undefined || mount.point.length >= best.point.length ? mount : best),
      undefined,
    );
}

/** Blanks and the like stand as three octal digits. */
const octalToText = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
