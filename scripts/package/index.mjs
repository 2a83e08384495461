// Makes Debian packages, and the prebuilt addons of the npm package.
// usage: npm run package -- [--arch amd64|arm64|armhf] [--bundle-runtime] [--verifier] [--out DIR] [--dist DIR]
//        npm run package -- --prebuilds [--arch ARCH]
// Nothing is downloaded, but for --bundle-runtime: Node.js, once, from npm.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ARCHITECTURES, ownArchitecture, prebuildFile, prebuildFolder } from './architectures.mjs';
import { buildAddon, requireCompiler } from './native.mjs';
import { makeGatewayDeb, makeVerifierDeb } from './packages.mjs';
import { readRelease } from './release.mjs';
import { Hindrance, run } from './run.mjs';
import { fetchRuntime } from './runtime.mjs';

const root = resolve(import.meta.dirname, '../..');

async function main() {
  const options = readOptions();
  const arches = options.arch ?? (options.prebuilds ? Object.keys(ARCHITECTURES) : [ownArchitecture()]);
  for (const arch of arches) {
    if (!Object.hasOwn(ARCHITECTURES, arch))
      throw new Hindrance(`--arch is one of ${Object.keys(ARCHITECTURES).join(', ')}`);
    requireCompiler(arch);
  }
  for (const arch of arches) {
    if (options.prebuilds) prebuild(arch);
    else for (const deb of await makePackages(arch, options)) console.log(deb);
  }
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        arch: { type: 'string', multiple: true },
        'bundle-runtime': { type: 'boolean' },
        dist: { type: 'string' }, // the built daemon, instead of building it
        out: { type: 'string', default: 'packages' },
        prebuilds: { type: 'boolean' },
        verifier: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Hindrance(error.message);
  }
}

/** In node-gyp-build's layout, so that `npm install` compiles nothing. */
function prebuild(arch) {
  const file = join(root, 'prebuilds', prebuildFolder(arch), prebuildFile(arch));
  buildAddon(root, arch, file);
  console.log(file);
}

async function makePackages(arch, options) {
  const folder = mkdtempSync(join(tmpdir(), 'fieldseal-package-'));
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fieldseal');
  try {
    const dist = options.dist === undefined ? buildDaemon(folder) : resolve(options.dist);
    const work = { root, dist, arch, release: readRelease(root), out: resolve(options.out) };
    const runtime = options['bundle-runtime'] ? fetchRuntime(arch, cache) : undefined;
    const debs = [await makeGatewayDeb({ ...work, tree: join(folder, 'fieldseal') }, runtime)];
    if (options.verifier)
      debs.push(await makeVerifierDeb({ ...work, tree: join(folder, 'fieldseal-verifier') }, cache));
    return debs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compiles the daemon, without types and maps, where its imports find the npm packages. */
function buildDaemon(folder) {
  const home = join(folder, 'built');
  mkdirSync(home);
  for (const name of ['node_modules', 'package.json']) symlinkSync(join(root, name), join(home, name));
  const options = ['--outDir', join(home, 'dist'), '--declaration', 'false', '--sourceMap', 'false', '--noEmitOnError'];
  run('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.json'), ...options]);
  return join(home, 'dist');
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Hindrance)) throw error;
  console.error(`package: ${error.message}`);
  process.exitCode = 2;
}
