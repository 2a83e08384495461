// What a package says of itself: version, time, changelog.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';

export const MAINTAINER = 'Fieldseal maintainers <maintainers@fieldseal.example>';

/**
 * The version as Debian writes it, and when it was made: SOURCE_DATE_EPOCH, or the last commit, so that the same sources
 * make the same packages.
 */
export function readRelease(root, env = process.env) {
  const { version, description } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const seconds = env.SOURCE_DATE_EPOCH ?? (existsSync(join(root, '.git')) ? lastCommit(root) : '0');
  return {
    // Debian sorts ~ before the end: 1.0.0~rc.1 is older than 1.0.0.
    version: version.replace('-', '~'),
    description,
    seconds: Number(seconds),
    date: new Date(Number(seconds) * 1_000).toISOString().slice(0, 10),
  };
}

const lastCommit = (root) => run('git', ['-C', root, 'log', '-1', '--format=%ct']).trim();

/** Debian's changelog (Debian Policy, section 4.4), from the newest part of ours. */
export function makeChangelog(root, name, { version, seconds }) {
  const newest = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m)[1] ?? '';
  const lines = [];
  for (const line of newest.split('\n').slice(1)) {
    if (line.startsWith('### ')) lines.push('', `  [ ${line.slice(4)} ]`);
    else if (line.startsWith('- ')) lines.push(...wrap(line.slice(2), '  * '));
    else if (line.trim() !== '') lines.push(...wrap(line.trim(), '    '));
  }
  const time = new Date(seconds * 1_000).toUTCString().replace('GMT', '+0000');
  return `${name} (${version}) unstable; urgency=medium\n${lines.join('\n')}\n\n -- ${MAINTAINER}  ${time}\n`;
}

/** Lines of at most 79 characters, the first with `lead` before it. */
export function wrap(words, lead, width = 79) {
  const lines = [];
  let line = lead;
  for (const word of words.split(/\s+/)) {
    if (line.trim() !== '' && line.length + word.length + 1 > width && line !== lead) {
      lines.push(line.trimEnd());
      line = ' '.repeat(lead.length);
    }
    line += line.endsWith(' ') || line === '' ? word : ` ${word}`;
  }
  return [...lines, line.trimEnd()];
}
