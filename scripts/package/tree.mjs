// Lays out what each Debian package installs, but for its native binaries.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readCommands } from './commands.mjs';
import { makeCompletion } from './completion.mjs';
import { makeConfigManual, makeManual } from './manual.mjs';
import { copyModule, listModules } from './modules.mjs';

/** Where both packages have their code. */
export const HOME = 'usr/lib/fieldseal';

/** What only fieldseal-verifier has of the built daemon: all that loads the verifier's database or the demo's broker. */
const OF_VERIFIER = ['verifier', 'demo', 'commands/verifier.js', 'commands/challenge.js', 'commands/demo.js'];

/** @param bundled whether the package brings Node.js along, as runtime/node */
export async function layGateway({ root, dist, tree, arch, release, bundled }) {
  const home = join(tree, HOME);
  cpSync(dist, join(home, 'dist'), {
    recursive: true,
    filter: (file) => isCode(file) && !OF_VERIFIER.includes(relative(dist, file)),
  });
  cpSync(join(root, 'device-profiles'), join(home, 'device-profiles'), { recursive: true });
  write(join(home, 'package.json'), `${JSON.stringify(slimManifest(root), undefined, 2)}\n`);
  for (const path of listModules(root).gateway) copyModule(root, path, home, arch);
  const main = join(home, 'dist/main.js');
  write(main, readFileSync(main, 'utf8').replace(/^#!.*\n/, '')); // usr/bin/fieldseal says what runs it
  const node = bundled ? `/${HOME}/runtime/node` : '/usr/bin/node';
  write(join(tree, 'usr/bin/fieldseal'), `#!/bin/sh\nexec ${node} /${HOME}/dist/main.js "$@"\n`);

  const { DAEMON_EXAMPLE, VERIFIER_EXAMPLE } = await load(dist, 'config/index.js');
  const { CATALOGUE } = await load(dist, 'errors.js');
  const commands = await readCommands(dist);
  write(join(tree, 'etc/fieldseal/fieldseal.example.yaml'), DAEMON_EXAMPLE);
  write(join(tree, 'usr/share/bash-completion/completions/fieldseal'), makeCompletion(commands, profileIds(root)));
  writeZipped(manualPath(tree, 'fieldseal.1'), makeManual(commands, CATALOGUE, release));
  writeZipped(manualPath(tree, 'fieldseal.yaml.5'), makeConfigManual(DAEMON_EXAMPLE, VERIFIER_EXAMPLE, release));
  cpSync(join(root, 'docs'), join(tree, 'usr/share/doc/fieldseal/docs'), { recursive: true });
  layService(root, tree, 'fieldseal');
}

export async function layVerifier({ root, dist, tree, arch }) {
  const home = join(tree, HOME);
  for (const part of OF_VERIFIER)
    cpSync(join(dist, part), join(home, 'dist', part), { recursive: true, filter: isCode });
  for (const path of listModules(root).verifier) copyModule(root, path, home, arch);
  const { VERIFIER_EXAMPLE } = await load(dist, 'config/index.js');
  write(join(tree, 'etc/fieldseal/verifier.example.yaml'), VERIFIER_EXAMPLE);
  layService(root, tree, 'fieldseal-verifier');
}

/** The unit, the user that it runs as, and udev's rules, from the folders of this one, each where systemd looks for it. */
function layService(root, tree, service) {
  const folders = {
    systemd: 'usr/lib/systemd/system',
    sysusers: 'usr/lib/sysusers.d',
    tmpfiles: 'usr/lib/tmpfiles.d',
    udev: 'usr/lib/udev/rules.d',
  };
  for (const [folder, place] of Object.entries(folders)) {
    const from = join(root, 'scripts/package', folder);
    for (const name of existsSync(from) ? readdirSync(from).sort() : []) {
      // A file is the verifier's if its name says so, e.g. fieldseal-verifier.service; 61-fieldseal.rules is the daemon's.
      const owner = name.includes('fieldseal-verifier') ? 'fieldseal-verifier' : 'fieldseal';
      if (owner === service && !name.endsWith('.md')) copy(join(from, name), join(tree, place, name));
    }
  }
}

/** Units that a package brings, as systemctl calls them. */
export function unitsOf(tree) {
  const folder = join(tree, 'usr/lib/systemd/system');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** What the daemon and Node.js read of package.json at run time. */
function slimManifest(root) {
  const { name, version, description, license, type, engines, exports, imports } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  return { name, version, description, license, type, engines, exports, imports };
}

const profileIds = (root) =>
  readdirSync(join(root, 'device-profiles'), { recursive: true })
    .filter((file) => file.endsWith('.yaml') && !file.startsWith('gateways/'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();

const load = (dist, file) => import(pathToFileURL(join(dist, file)).href);
const isCode = (file) => statSync(file).isDirectory() || extname(file) === '.js';

export const manualPath = (tree, name) =>
  join(tree, 'usr/share/man', `man${extname(name).slice(1)}`, `${basename(name)}.gz`);

export function write(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** Compressed as Debian wants it: best, and without name and time. */
export const writeZipped = (file, text) => write(file, gzipSync(text, { level: 9 }));

export function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to);
}
