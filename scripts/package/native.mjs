// Compiles the native code for another architecture, with Debian's cross compilers and this machine's Node.js headers.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ARCHITECTURES, ownArchitecture } from './architectures.mjs';
import { Hindrance, requirePrograms, run } from './run.mjs';

/** Of Node.js 20, which Debian 13 has: what is not built on Node-API runs on this one alone. */
export const NODE_MODULE_VERSION = '115';

/** Node-API: runs on every Node.js that we support. */
export const buildAddon = (root, arch, target) =>
  compile({ arch, target, product: 'fieldseal.node', from: ['binding.gyp', 'native'].map((name) => join(root, name)) });

/** SQLite with its binding, from the sources that its npm package brings. Takes a minute, so it is kept in `cache`. */
export function buildSqlite(root, arch, target, cache) {
  if (process.versions.modules !== NODE_MODULE_VERSION)
    throw new Hindrance(`fieldseal-verifier is built with the headers of Node.js 20; this is ${process.version}`);
  const home = join(root, 'node_modules/better-sqlite3');
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const compiler = run(`${ARCHITECTURES[arch].gnu}-g++`, ['--version']).split('\n')[0];
  const inputs = createHash('sha256').update([version, arch, compiler, process.version].join('\n')).digest('hex');
  const kept = join(cache, 'native', `better-sqlite3-${version}-${arch}-${inputs.slice(0, 16)}.node`);
  if (!existsSync(kept)) {
    const from = ['binding.gyp', 'deps', 'src'].map((name) => join(home, name));
    compile({ arch, target: kept, product: 'better_sqlite3.node', from });
  }
  mkdirSync(dirname(target), { recursive: true });
  cpSync(kept, target);
}

/** Debian's compiler for an architecture, e.g. aarch64-linux-gnu-g++, has to be there. */
export const requireCompiler = (arch) =>
  requirePrograms([
    [`${ARCHITECTURES[arch].gnu}-g++`, arch === ownArchitecture() ? 'build-essential' : `crossbuild-essential-${arch}`],
  ]);

function compile({ arch, target, product, from }) {
  const { gnu, node } = ARCHITECTURES[arch];
  // The headers come with the Node.js that runs this, so nothing is downloaded.
  const headers = process.env.npm_config_nodedir ?? dirname(dirname(process.execPath));
  const folder = mkdtempSync(join(tmpdir(), 'fieldseal-native-'));
  try {
    for (const source of from) cpSync(source, join(folder, basename(source)), { recursive: true });
    const flags = `-ffile-prefix-map=${folder}=.`; // the same bytes, in whatever folder it is built
    run('node', [nodeGyp, 'rebuild', '--release', `--arch=${node}`, `--nodedir=${headers}`], {
      cwd: folder,
      env: {
        ...process.env,
        CC: `${gnu}-gcc`,
        CXX: `${gnu}-g++`,
        LINK: `${gnu}-g++`,
        AR: `${gnu}-ar`,
        CFLAGS: flags,
        CXXFLAGS: flags,
      },
    });
    const built = join(folder, 'build/Release', product);
    strip(built, arch);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(built, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const nodeGyp = join(import.meta.dirname, '../../node_modules/node-gyp/bin/node-gyp.js');

/** Removes from a binary what is not needed to run it. */
export const strip = (file, arch) => run(`${ARCHITECTURES[arch].gnu}-strip`, ['--strip-unneeded', file]);

/** The newest glibc whose symbols a binary asks for, e.g. "2.34". */
export function glibcOf(file, arch) {
  const symbols = run(`${ARCHITECTURES[arch].gnu}-objdump`, ['-T', file]);
  const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
    ([, major, minor]) => Number(major) * 1_000 + Number(minor),
  );
  const newest = Math.max(...versions);
  return `${Math.floor(newest / 1_000)}.${newest % 1_000}`;
}
