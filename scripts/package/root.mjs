// A Debian system in a folder: made by mmdebstrap once, kept in the cache, entered by chroot.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { lstat, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';

/** What installing a package leaves in any system: the package manager's own memory. */
const DEBIANS_OWN = [
  /^\/(dev|proc|sys|tmp)(\/|$)/,
  /^\/etc\/[.]pwd[.]lock$/,
  /^\/etc\/g?shadow-?$/, // their dates; users and groups are compared by passwd and group
  /^\/etc\/(passwd|group)-$/,
  /^\/var\/cache\/(debconf|ldconfig|apt)(\/|$)/,
  /^\/var\/lib\/(dpkg|apt)(\/|$)/,
  /^\/var\/log\/(dpkg\.log|alternatives\.log|apt(\/|$))/,
];

/** One system, by itself in its folder. Mounts are for the caller's own mount namespace: they end with it. */
export class DebianRoot {
  #folder;

  constructor(folder) {
    this.#folder = folder;
  }

  /**
   * Unpacks a system, making it first where the cache has none of that suite, architecture and list of packages.
   *
   * @param proc whether programs are to run in it by chroot; a container mounts its own /proc
   */
  static make({ suite, arch, packages, cache, proc = true }) {
    const tarball = join(cache, 'roots', `${suite}-${arch}-${packages.join('+')}.tar`);
    if (!existsSync(tarball)) {
      mkdirSync(join(cache, 'roots'), { recursive: true });
      const options = [`--arch=${arch}`, '--variant=minbase', `--include=${packages.join(',')}`, '--quiet'];
      run('mmdebstrap', [...options, suite, `${tarball}.new.tar`, 'http://deb.debian.org/debian']);
      renameSync(`${tarball}.new.tar`, tarball);
    }
    const folder = mkdtempSync(join(tmpdir(), `fieldseal-${suite}-${arch}-`));
    run('tar', ['--numeric-owner', '-xf', tarball, '-C', folder]);
    run('chmod', ['755', folder]);
    if (proc) run('mount', ['-t', 'proc', 'proc', join(folder, 'proc')]);
    return new DebianRoot(folder);
  }

  path(inside) {
    return join(this.#folder, inside);
  }

  /** Runs a program inside as a user, and returns `{code, stdout, stderr}`. */
  run(args, { user = 'root', env = {}, input } = {}) {
    const { status, signal, stdout, stderr } = spawnSync('chroot', this.#command(user, env, args), {
      ...{ encoding: 'utf8', input, maxBuffer: 1 << 26, timeout: 300_000 },
    });
    return { code: status ?? signal, stdout, stderr };
  }

  /** Starts a program inside; its output goes to `file`, outside. */
  start(args, { user = 'root', env = {}, output }) {
    return spawn('chroot', this.#command(user, env, args), { stdio: ['ignore', output, output] });
  }

  #command(user, env, args) {
    const all = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/',
      LC_ALL: 'C.UTF-8',
      DEBIAN_FRONTEND: 'noninteractive',
      ...env,
    };
    const id = user === 'root' ? [] : [`--userspec=${user}`];
    return [
      ...id,
      this.#folder,
      '/usr/bin/env',
      '-i',
      ...Object.entries(all).map(([name, value]) => `${name}=${value}`),
      ...args,
    ];
  }

  /** Every file with what tells it from another: its content's place for a link, its size and mode, or its users. */
  async list() {
    const found = new Map();
    await this.#walk('/', found);
    return found;
  }

  async #walk(folder, found) {
    for (const name of readdirSync(this.path(folder))) {
      const path = join(folder, name);
      if (DEBIANS_OWN.some((one) => one.test(path))) continue;
      const about = await lstat(this.path(path));
      if (about.isDirectory()) {
        found.set(path, `folder ${about.mode} ${about.uid} ${about.gid}`);
        await this.#walk(path, found);
      } else if (about.isSymbolicLink()) {
        found.set(path, `link ${await readlink(this.path(path))}`);
      } else if (path === '/etc/passwd' || path === '/etc/group') {
        found.set(path, (await readFile(this.path(path), 'utf8')).trim());
      } else {
        found.set(path, `file ${about.mode} ${about.uid} ${about.gid} ${about.size}`);
      }
    }
  }

  remove() {
    if (existsSync(this.path('proc/version'))) run('umount', [this.path('proc')]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
