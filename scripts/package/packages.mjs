// The two Debian packages: what each depends on, says of itself, and consists of.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prebuildFile, prebuildFolder } from './architectures.mjs';
import { makeCopyright } from './copyright.mjs';
import { makeDeb } from './deb.mjs';
import { maintainerScripts } from './maintainer.mjs';
import { listModules } from './modules.mjs';
import { buildAddon, buildSqlite, glibcOf, strip } from './native.mjs';
import { MAINTAINER, makeChangelog, wrap } from './release.mjs';
import { copy, HOME, layGateway, layVerifier, write, writeZipped } from './tree.mjs';

const COMMON = {
  Section: 'net',
  Priority: 'optional',
  Homepage: 'https://www.npmjs.com/package/fieldseal',
  Maintainer: MAINTAINER,
};

/** What creates the packages' users; Debian 13 has the third name, Debian 12 the second. */
const SYSUSERS = 'systemd | systemd-standalone-sysusers | systemd-sysusers';

const NODE_LICENCES = 'usr/share/doc/fieldseal/copyright.nodejs.gz';

const OVERRIDES = `# nodejs.org's program, as it is: with its own libraries, at a fixed address
fieldseal: embedded-library *
fieldseal: hardening-no-pie *
`;

/**
 * Makes fieldseal_VERSION_ARCH.deb and returns its path.
 *
 * @param work `{root, dist, tree, arch, release, out}`: the sources, the built daemon, an empty folder, and what to make
 * @param runtime the Node.js that it brings along; without it, it depends on Debian's
 */
export async function makeGatewayDeb(work, runtime) {
  const { root, tree, arch, release, out } = work;
  await layGateway({ ...work, bundled: runtime !== undefined });
  if (runtime !== undefined) layRuntime(work, runtime);
  const addon = join(tree, HOME, 'prebuilds', prebuildFolder(arch), prebuildFile(arch));
  buildAddon(root, arch, addon);
  const node = runtime && {
    files: `${HOME}/runtime/node`,
    copyright: 'Node.js contributors, and those named there',
    license: 'Node.js',
    text: `MIT for Node.js itself; this, and the licences of the libraries in it, are in\n/${NODE_LICENCES}.`,
  };
  layDocuments(work, 'fieldseal', listModules(root).gateway, node ? [node] : []);
  const depends = [
    `libc6 (>= ${glibcOf(addon, arch)})`,
    'libgcc-s1',
    'libstdc++6',
    ...(runtime ? [] : ['nodejs (>= 20.19)']),
    'init-system-helpers (>= 1.54~)',
    'passwd',
    SYSUSERS,
  ];
  return makeDeb({
    ...{ tree, out, seconds: release.seconds, scripts: maintainerScripts('fieldseal') },
    control: {
      Package: 'fieldseal',
      Version: runtime ? `${release.version}+bundled` : release.version,
      Architecture: arch,
      ...COMMON,
      Depends: depends.join(', '),
      Provides: runtime ? 'fieldseal-runtime' : undefined,
      Suggests: 'fieldseal-verifier, libtpm2-pkcs11-1, opensc-pkcs11, softhsm2',
      Description: describe(
        'seals sensor readings into hardware-signed proofs',
        'Fieldseal reads GNSS receivers, LoRa radios, ADS-B receivers, cellular modems and cameras, has a hardware-held key (PKCS#11, TPM 2.0) sign batches of readings, and delivers these proofs over MQTT to a verifier, which answers each with a signed receipt. Nothing is lost without a word.',
        ...(runtime
          ? [`This variant brings Node.js ${runtime.version} along, for systems whose own is older than 20.19.`]
          : []),
      ),
    },
  });
}

/** Makes fieldseal-verifier_VERSION_ARCH.deb, what the verifier needs beyond fieldseal, and returns its path. */
export async function makeVerifierDeb(work, cache) {
  const { root, tree, arch, release, out } = work;
  await layVerifier(work);
  const binding = join(tree, HOME, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');
  buildSqlite(root, arch, binding, cache);
  const sqlite = {
    files: `${HOME}/node_modules/better-sqlite3/build/*`,
    copyright: 'none: SQLite is in the public domain',
  };
  layDocuments(work, 'fieldseal-verifier', listModules(root).verifier, [
    { ...sqlite, license: 'public-domain', text: 'The authors of SQLite disclaim copyright to its source code.' },
  ]);
  return makeDeb({
    ...{ tree, out, seconds: release.seconds, scripts: maintainerScripts('fieldseal-verifier') },
    control: {
      Package: 'fieldseal-verifier',
      Version: release.version,
      Architecture: arch,
      ...COMMON,
      // Of the same version, with or without a Node.js of its own. SQLite's binding runs on Node.js 20 alone.
      Depends: [
        `fieldseal (>= ${release.version})`,
        `fieldseal (<< ${release.version}.~)`,
        'fieldseal-runtime | nodejs (<< 21~)',
        `libc6 (>= ${glibcOf(binding, arch)})`,
        'libgcc-s1',
        'libstdc++6',
        'init-system-helpers (>= 1.54~)',
        'passwd',
        SYSUSERS,
      ].join(', '),
      Description: describe(
        'verifies the proofs of fieldseal gateways, and answers with receipts',
        'The verifier service takes the proofs of enrolled devices from an MQTT broker, checks their signatures, chains and plausibility, keeps a ledger in SQLite, and answers each with a signed receipt. The demo is part of this package too.',
      ),
    },
  });
}

function layRuntime({ tree, arch }, runtime) {
  const program = join(tree, HOME, 'runtime/node');
  copy(runtime.program, program);
  strip(program, arch);
  writeZipped(join(tree, NODE_LICENCES), readFileSync(runtime.licence, 'utf8'));
  write(join(tree, 'usr/share/lintian/overrides/fieldseal'), OVERRIDES);
}

function layDocuments({ root, tree, release }, name, modules, more) {
  const folder = join(tree, 'usr/share/doc', name);
  write(join(folder, 'copyright'), makeCopyright(root, modules, more));
  writeZipped(join(folder, 'changelog.gz'), makeChangelog(root, name, release));
}

/** The synopsis, then the paragraphs, as a control file has them (Debian Policy, section 5.6.13). */
const describe = (synopsis, ...paragraphs) =>
  [synopsis, paragraphs.map((words) => wrap(words, ' ').join('\n')).join('\n .\n')].join('\n');
