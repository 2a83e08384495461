// debian/copyright (DEP-5) from the licences of what is shipped.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOME } from './tree.mjs';

/** Licences that every Debian has in full. */
const COMMON = { 'Apache-2.0': '/usr/share/common-licenses/Apache-2.0' };

/**
 * @param paths the npm packages that are shipped, such as "node_modules/mqtt"
 * @param more stanzas of what is no npm package: {files, copyright, license, text}
 */
export function makeCopyright(root, paths, more = []) {
  const texts = new LicenceTexts();
  const own = { files: '*', copyright: 'Fieldseal contributors', license: 'Apache-2.0' };
  const stanzas = [own, ...paths.map((path) => stanzaOf(root, path)), ...more].map(
    ({ files, copyright, license, text }) =>
      `Files: ${files}\nCopyright: ${copyright}\nLicense: ${texts.nameOf(license, text)}\n`,
  );
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: fieldseal\n',
    ...stanzas,
    ...texts.stanzas(),
  ].join('\n');
}

function stanzaOf(root, path) {
  const folder = join(root, path);
  const { license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const whole = file === undefined ? '' : readFileSync(join(folder, file), 'utf8').replaceAll('\r', '');
  const holders = whole
    .split('\n')
    .filter(isHolder)
    .map((line) => line.trim().replace(/^copyright\s*/i, ''));
  const copyright = holders.length > 0 ? holders.join('\n ') : (author?.name ?? author ?? `the authors of ${path}`);
  const text = whole
    .split('\n')
    .filter((line) => !isHolder(line))
    .join('\n');
  return { files: `${HOME}/${path}/*`, copyright, license, text };
}

const isHolder = (line) => /^\s*(copyright\s+(\(c\)|©|\d)|\(c\)\s|©)/i.test(line);

/** Texts that are the same but for their spacing are one licence; others of the same name are numbered. */
class LicenceTexts {
  #names = new Map();

  nameOf(license, text = '') {
    if (COMMON[license] !== undefined) {
      this.#names.set(license, { name: license, text: `On Debian systems the full text is in ${COMMON[license]}.` });
      return license;
    }
    const key = text.replaceAll(/[\s#*]+/g, ' ').toLowerCase();
    const known = this.#names.get(key);
    if (known !== undefined) return known.name;
    const taken = [...this.#names.values()].filter(({ name }) => name === license || name.startsWith(`${license}~`));
    const name = taken.length === 0 ? license : `${license}~${taken.length + 1}`;
    this.#names.set(key, { name, text });
    return name;
  }

  stanzas() {
    return [...this.#names.values()].map(({ name, text }) => {
      const lines = text
        .trim()
        .split('\n')
        .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`));
      return `License: ${name}\n${lines.join('\n')}\n`;
    });
  }
}
