// Makes a .deb of a tree: control files, modes, times, dpkg-deb.
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { requirePrograms, run } from './run.mjs';
import { write } from './tree.mjs';

/** Programs, below the package's root. */
const EXECUTABLE = [/^usr\/bin\//, /\/runtime\/node$/, /^DEBIAN\/(postinst|prerm|postrm)$/];

/**
 * @param control fields of the control file; undefined ones are left out
 * @param scripts maintainer scripts by name
 * @returns the package's path
 */
export function makeDeb({ tree, control, scripts, out, seconds }) {
  requirePrograms([['dpkg-deb', 'dpkg']]);
  const files = listFiles(tree);
  const installed = { ...control, 'Installed-Size': Math.ceil(files.reduce((sum, { size }) => sum + size, 0) / 1_024) };
  const fields = Object.entries(installed).filter(([, value]) => value !== undefined);
  const { Description: description, ...others } = Object.fromEntries(fields);
  const lines = [
    ...Object.entries({ ...others, Description: description }).map(([name, value]) => `${name}: ${value}`),
  ];
  write(join(tree, 'DEBIAN/control'), `${lines.join('\n')}\n`);
  const md5 = files.map(
    ({ path }) =>
      `${createHash('md5')
        .update(readFileSync(join(tree, path)))
        .digest('hex')}  ${path}`,
  );
  write(join(tree, 'DEBIAN/md5sums'), `${md5.join('\n')}\n`);
  const conffiles = files.filter(({ path }) => path.startsWith('etc/')).map(({ path }) => `/${path}`);
  if (conffiles.length > 0) write(join(tree, 'DEBIAN/conffiles'), `${conffiles.join('\n')}\n`);
  for (const [name, text] of Object.entries(scripts)) write(join(tree, 'DEBIAN', name), text);
  settle(tree, '', seconds);
  const deb = join(out, `${control.Package}_${control.Version}_${control.Architecture}.deb`);
  mkdirSync(out, { recursive: true });
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '-z9', '--build', tree, deb], {
    env: { ...process.env, SOURCE_DATE_EPOCH: String(seconds) },
  });
  return deb;
}

function listFiles(tree) {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: file.slice(tree.length + 1), size: lstatSync(file).size }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The same modes and times, whoever builds it and when. */
function settle(tree, path, seconds) {
  const file = join(tree, path);
  const isFolder = lstatSync(file).isDirectory();
  for (const name of isFolder ? readdirSync(file) : []) settle(tree, join(path, name), seconds);
  chmodSync(file, isFolder || EXECUTABLE.some((one) => one.test(path)) ? 0o755 : 0o644);
  lutimesSync(file, seconds, seconds);
}
