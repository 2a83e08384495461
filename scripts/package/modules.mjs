// Which npm packages a Debian package carries, and which of their files.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { ARCHITECTURES } from './architectures.mjs';
import { Hindrance } from './run.mjs';

/** Direct dependencies that only the verifier and the demo load: fieldseal-verifier carries them. */
const VERIFIER_ONLY = ['better-sqlite3', 'aedes'];

/** Named as dependencies, but never loaded at run time. */
const NEVER_LOADED = [
  ...['@types/node', '@types/readable-stream', '@types/ws', 'undici-types'], // types
  ...['prebuild-install', 'node-addon-api'], // they build, or download, a binary at `npm install`
  ...['commist', 'concat-stream', 'help-me', 'minimist'], // mqtt's command line, which is left out
];

/** What Node.js can load. Everything else (sources, types, maps, pages) stays behind. */
const LOADED = new Set(['.js', '.cjs', '.mjs', '.json', '.node']);
const UNLOADED_FOLDERS = new Set([
  'test',
  'tests',
  '__tests__',
  'bench',
  'benchmark',
  'benchmarks',
  'example',
  'examples',
  'docs',
  '.github',
]);

/** Copies of a package for browsers and bundlers, its command line, its sources: paths within the package. */
const UNLOADED_PATHS = {
  '@babel/runtime': ['helpers/esm'],
  '@serialport/bindings-cpp': ['build', 'src', 'prebuilds'],
  'better-sqlite3': ['build', 'deps', 'src'],
  bintrees: ['dist'],
  'cbor-x': [
    'dist/index.js',
    'dist/index.min.js',
    'dist/index-no-eval.cjs',
    'dist/index-no-eval.min.js',
    'dist/test.js',
  ],
  mqtt: ['dist', 'build/bin', 'help'],
  'node-gyp-build': ['bin.js', 'build-test.js', 'optional.js'],
  pino: ['bin.js'],
  protobufjs: ['dist', 'google'],
  systeminformation: ['lib/cli.js'],
  yaml: ['bin.mjs', 'browser'],
};

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/**
 * The production packages, as paths below `root`, nested ones too: `gateway` has those of the daemon, `verifier` those that
 * the verifier and the demo need beyond them. Optional dependencies are left out: nothing here needs one.
 */
export function listModules(root) {
  const lock = readJson(join(root, 'package-lock.json')).packages;
  const direct = Object.keys({ ...lock[''].dependencies, ...lock[''].optionalDependencies });
  const gateway = closure(
    lock,
    direct.filter((name) => !VERIFIER_ONLY.includes(name)),
  );
  const all = closure(lock, direct);
  return { gateway, verifier: all.filter((path) => !gateway.includes(path)) };
}

function closure(lock, names) {
  const found = new Set();
  const waiting = names.map((name) => ['', name]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [from, name] = next;
    if (NEVER_LOADED.includes(name)) continue;
    const path = resolve(lock, from, name);
    if (path === undefined)
      throw new Hindrance(`package-lock.json has no ${name}, which ${from || 'package.json'} needs`);
    if (found.has(path)) continue;
    found.add(path);
    for (const dependency of Object.keys(lock[path].dependencies ?? {})) waiting.push([path, dependency]);
  }
  return [...found].sort();
}

/** Node's own way to a package: the nearest node_modules, then outwards. */
function resolve(lock, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (lock[path] !== undefined) return path;
    if (at === '') return undefined;
  }
}

/** Copies of a package what Node.js can load on this architecture into the same place below `target`. */
export function copyModule(root, path, target, arch) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const from = join(root, path);
  if (!existsSync(from)) throw new Hindrance(`${path} is not installed: npm ci`);
  const unloaded = new Set((UNLOADED_PATHS[name] ?? []).map((inner) => join(from, inner)));
  cpSync(from, join(target, path), {
    recursive: true,
    filter: (file) => {
      if (unloaded.has(file)) return false;
      if (!statSync(file).isDirectory()) return LOADED.has(extname(file));
      // Nested packages are listed, and copied, by themselves.
      return file === from || !(UNLOADED_FOLDERS.has(basename(file)) || basename(file) === 'node_modules');
    },
  });
  if (name === '@serialport/bindings-cpp') copySerialBinding(from, join(target, path), arch);
  removeEmpty(join(target, path));
}

/** The one binary of the serial library that node-gyp-build would choose on this architecture. */
function copySerialBinding(from, to, arch) {
  const { node, tags } = ARCHITECTURES[arch];
  const file = join('prebuilds', `linux-${node}`, `@serialport+bindings-cpp.${tags.replace('napi.', '')}.node`);
  if (!existsSync(join(from, file))) throw new Hindrance(`@serialport/bindings-cpp brings no ${file}`);
  mkdirSync(dirname(join(to, file)), { recursive: true });
  cpSync(join(from, file), join(to, file));
}

function removeEmpty(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeEmpty(join(folder, entry.name));
  if (readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}
