import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtProgram, runCommand } from '../support/program.ts';

const runFile = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { ARCHITECTURES, ownArchitecture, prebuildFile, prebuildFolder } = await import(
  new URL('../../scripts/package/architectures.mjs', import.meta.url).href
);
const { layVerifier } = await import(new URL('../../scripts/package/tree.mjs', import.meta.url).href);
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const MEGABYTE = 1_000_000;
/** Compression and lintian take as long as a busy machine lets them. */
const SLOW_MS = 180_000;
const isThere = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, program)));
const arch: string | undefined = ownArchitecture();
const canBuild = arch !== undefined && isThere('dpkg-deb') && isThere(`${ARCHITECTURES[arch].gnu}-g++`);

describe.skipIf(!canBuild)(
  `the Debian package${canBuild ? '' : ' (skipped: no dpkg-deb, or no compiler of its own)'}`,
  () => {
    const work = mkdtempSync(join(tmpdir(), 'fieldseal-package-test-'));
    const tree = join(work, 'tree');
    const at = (path: string): string => join(tree, path);
    const home = at('usr/lib/fieldseal');
    const dist = join(work, 'dist');
    let deb = '';

    /** Makes the package of the built daemon; `name` tells one build's folder, and its temporary one, from another's. */
    async function build(name: string): Promise<string> {
      const script = join(ROOT, 'scripts/package/index.mjs');
      const temporary = mkdtempSync(join(work, `tmp-${name}-`));
      const args = [script, '--dist', dist, '--out', join(work, name)];
      const env = { ...process.env, TMPDIR: temporary, SOURCE_DATE_EPOCH: '1790000000' };
      const { stdout } = await runFile(process.execPath, args, { env });
      return stdout.trim();
    }

    const field = async (name: string): Promise<string> => (await runFile('dpkg-deb', ['-f', deb, name])).stdout.trim();
    const files = (folder: string): string[] =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        statSync(join(folder, name)).isFile(),
      );
    const node = (...args: string[]) => runCommand(process.execPath, args, { cwd: work });

    beforeAll(async () => {
      // A copy, which nobody builds anew meanwhile.
      cpSync(join(builtProgram(), '..'), dist, { recursive: true });
      for (const name of ['node_modules', 'package.json']) symlinkSync(join(ROOT, name), join(work, name));
      deb = await build('first');
      await runFile('dpkg-deb', ['-x', deb, tree]);
      await runFile('dpkg-deb', ['-e', deb, join(work, 'control')]);
    }, SLOW_MS);
    afterAll(() => rmSync(work, { recursive: true, force: true }));

    it('is named after its version and architecture, and says what it needs', async () => {
      expect(deb).toBe(join(work, 'first', `fieldseal_${version}_${arch}.deb`));
      expect(await field('Architecture')).toBe(arch);
      const depends = await field('Depends');
      expect(depends).toMatch(/(^|, )nodejs \(>= 20\.19\)(,|$)/);
      expect(depends).toMatch(/(^|, )libc6 \(>= 2\.\d+\)(,|$)/);
      expect(await field('Conffiles')).toBe('');
      expect(readFileSync(join(work, 'control/conffiles'), 'utf8')).toBe('/etc/fieldseal/fieldseal.example.yaml\n');
    });

    it('is small', () => {
      expect(statSync(deb).size).toBeLessThan(3 * MEGABYTE);
    });

    it(
      'has the same bytes when it is built again, in another folder',
      async () => {
        const again = await build('again');
        expect(readFileSync(again).equals(readFileSync(deb))).toBe(true);
      },
      SLOW_MS,
    );

    it.each([
      'etc/fieldseal/fieldseal.example.yaml',
      'usr/bin/fieldseal',
      'usr/lib/systemd/system/fieldseal.service',
      'usr/lib/sysusers.d/fieldseal.conf',
      'usr/lib/udev/rules.d/61-fieldseal.rules',
      'usr/lib/fieldseal/device-profiles/gnss/ublox-neo-m9n.yaml',
      'usr/share/bash-completion/completions/fieldseal',
      'usr/share/doc/fieldseal/changelog.gz',
      'usr/share/doc/fieldseal/copyright',
      'usr/share/doc/fieldseal/docs/operations.md',
      'usr/share/man/man1/fieldseal.1.gz',
      'usr/share/man/man5/fieldseal.yaml.5.gz',
    ])('brings %s', (path) => {
      expect(existsSync(at(path))).toBe(true);
    });

    it('has no database, no broker, no sources, types, maps, tests or pages of npm packages', () => {
      const modules = files(join(home, 'node_modules'));
      expect(modules.filter((name) => !/\.(c|m)?js$|\.json$|\.node$/.test(name))).toEqual([]);
      expect(modules.filter((name) => /(^|\/)(tests?|__tests__|examples?|docs)\//.test(name))).toEqual([]);
      expect(
        modules.filter((name) => /^(better-sqlite3|aedes|prebuild-install|vitest|typescript)\//.test(name)),
      ).toEqual([]);
      expect(files(join(home, 'dist')).filter((name) => /^verifier\/|^demo\/|\.map$|\.d\.ts$/.test(name))).toEqual([]);
    });

    it('has two native binaries, both of its architecture', () => {
      const native = files(home).filter((name) => name.endsWith('.node'));
      expect(native).toHaveLength(2);
      // The ELF header's e_machine (System V ABI, chapter 4).
      for (const name of native)
        expect(readFileSync(join(home, name)).readUInt16LE(18), name).toBe(ARCHITECTURES[arch ?? ''].machine);
    });

    it('starts, knows its version, its profiles and its addon', async () => {
      const main = join(home, 'dist/main.js');
      expect(await node(main, '--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
      expect((await node(main, 'profiles', 'list')).stdout).toContain('gnss/ublox-neo-m9n');
      const native = `import('${home}/dist/native.js').then(({ loadNative }) => console.log(loadNative().openpty().path))`;
      expect((await node('-e', native)).stdout).toMatch(/^\/dev\/pts\/\d+\n$/);
    });

    it('has every module that its own ones import, and the package of the verifier has the rest', async () => {
      const load = (folder: string, names: readonly string[]) =>
        node(
          '--input-type=module',
          '-e',
          `for (const name of ${JSON.stringify(names)}) await import('${folder}/' + name);\nprocess.exit(0);`,
        );
      const own = files(join(home, 'dist')).filter((name) => name !== 'main.js');
      expect(own.length).toBeGreaterThan(100);
      expect(await load(join(home, 'dist'), own)).toEqual({ code: 0, stdout: '', stderr: '' });

      const refused = await node(join(home, 'dist/main.js'), 'verifier', 'run', '--config', 'x');
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toMatch(/^VERIFIER_NOT_INSTALLED: [^\n]+apt install fieldseal-verifier[^\n]+\n$/);

      const both = join(work, 'both');
      await runFile('dpkg-deb', ['-x', deb, both]);
      await layVerifier({ root: ROOT, dist, tree: both, arch });
      const all = join(both, 'usr/lib/fieldseal/dist');
      const more = files(all).filter((name) => name !== 'main.js' && !own.includes(name));
      expect(more).toEqual(expect.arrayContaining(['commands/demo.js', 'verifier/index.js']));
      expect(await load(all, more)).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    it('names the licence of every npm package in it', () => {
      const copyright = readFileSync(at('usr/share/doc/fieldseal/copyright'), 'utf8');
      const stanzas = new Set([...copyright.matchAll(/^Files: (.*)\/\*$/gm)].map(([, path]) => path));
      for (const manifest of files(join(home, 'node_modules')).filter((name) =>
        /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(name),
      ))
        expect(stanzas).toContain(`usr/lib/fieldseal/node_modules/${manifest.slice(0, -'/package.json'.length)}`);
      const texts = new Set([...copyright.matchAll(/\n\nLicense: (.*)$/gm)].map(([, name]) => name));
      for (const [, name] of copyright.matchAll(/^License: (.*)$/gm)) expect(texts).toContain(name);
    });

    it('has maintainer scripts that a POSIX shell reads', async () => {
      for (const name of ['postinst', 'prerm', 'postrm'])
        expect(await runCommand('sh', ['-n', join(work, 'control', name)])).toEqual({
          code: 0,
          stdout: '',
          stderr: '',
        });
    });

    it.skipIf(!isThere('lintian'))(
      `has nothing that lintian would mend${isThere('lintian') ? '' : ' (skipped: no lintian)'}`,
      async () => {
        const { code, stdout } = await runCommand('lintian', ['--allow-root', '--fail-on', 'error,warning', deb]);
        expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      },
      SLOW_MS,
    );

    it('has a manual of every command and every option', async () => {
      const page = gunzipSync(readFileSync(at('usr/share/man/man1/fieldseal.1.gz'))).toString('utf8');
      const typed = (text: string): string => text.replaceAll('-', '\\-');
      const help = (await node(join(home, 'dist/main.js'), '--help')).stdout;
      const commands = [...help.matchAll(/^ {2}([a-z-]+) .*/gm)].map(([, name]) => name ?? '');
      expect(commands).toEqual(expect.arrayContaining(['run', 'verify-reading']));
      const sections = [...page.matchAll(/^\.SS "([^ "]+)/gm)].map(([, name]) => name);
      for (const name of commands) expect(sections).toContain(typed(name));
      expect(page).toContain('.B \\-\\-spreading\\-factor <n>');
      expect(page).toMatch(/\.B 75\n/);
    });

    describe('its bash completion', () => {
      it.each([
        ['fieldseal v', ['verifier', 'verify', 'verify-evidence', 'verify-file', 'verify-reading']],
        ['fieldseal key ', ['create', 'show']],
        ['fieldseal key create --', ['--algorithm', '--help', '--json', '--signer']],
        ['fieldseal key create --algorithm ', ['ES256', 'ES256K']],
        ['fieldseal key create --algorithm ES256 --j', ['--json']],
        [
          'fieldseal profiles show gnss/ublox-neo-m',
          ['gnss/ublox-neo-m8n', 'gnss/ublox-neo-m8u', 'gnss/ublox-neo-m9n'],
        ],
        ['fieldseal run --config /etc/pass', ['/etc/passwd']],
        ['fieldseal verifier enroll --config key /etc/pass', ['/etc/passwd']],
        ['fieldseal help verifier enr', []],
      ])('of "%s"', async (line, expected) => {
        const words = line.split(' ');
        const script = `set -u; source ${at('usr/share/bash-completion/completions/fieldseal')}
        compopt() { :; } # only within a real completion
        COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
        _fieldseal; printf '%s\\n' "\${COMPREPLY[@]}"`;
        const { stdout, stderr } = await runCommand('bash', ['--norc', '-c', script]);
        expect(stderr).toBe('');
        const found = stdout.split('\n').filter((word) => word !== '' && word !== '/etc/passwd-');
        expect(found.sort()).toEqual(expected);
      });
    });
  },
);

describe('a prebuilt addon', () => {
  it.each(Object.keys(ARCHITECTURES))('for %s is where node-gyp-build looks', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'fieldseal-prebuild-'));
    const file = join(folder, 'prebuilds', prebuildFolder(name), prebuildFile(name));
    try {
      await runFile('install', ['-D', '/dev/null', file]);
      const script = `console.log(require('node-gyp-build').path(${JSON.stringify(folder)}))`;
      const env = { npm_config_arch: ARCHITECTURES[name].node, ARM_VERSION: { arm64: '8', armhf: '7' }[name] ?? '' };
      expect(await runCommand(process.execPath, ['-e', script], { cwd: ROOT, env })).toEqual({
        code: 0,
        stdout: `${file}\n`,
        stderr: '',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
