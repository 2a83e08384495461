// Writes the files that are made from the code: docs/readings.md, docs/errors.md and device-profiles/schema.json.
// usage: generate-docs.mjs [--check]     (--check writes nothing and exits 1 where a file is not current)
import { readFileSync, writeFileSync } from 'node:fs';
import { CATALOGUE } from '../dist/errors.js';
import { profileJsonSchema } from '../dist/profiles/index.js';
import { KIND_NAMES, kindSpec } from '../dist/readings/index.js';

const row = (...cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head, rows) =>
  [row(...head), row(...head.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');

const integerUnit = ({ digits, unit }) => (digits === 0 ? unit || '1' : `1e-${digits}${unit ? ` ${unit}` : ''}`);
const jsonForm = (field) => {
  if (field.format === 'time') return 'ISO 8601, UTC';
  if (field.format === 'flag') return 'true or false';
  if (field.type === 'int') return field.unit || 'number';
  return field.type === 'records' ? 'array of objects' : field.type === 'bytes' ? 'hex' : 'text';
};
const signedForm = (field) =>
  field.type === 'int' ? `integer, ${integerUnit(field)}` : field.type === 'text' ? 'text' : 'bytes';
const bounds = (field) => (field.type === 'int' ? `${field.min} to ${field.max}` : `at most ${field.max}`);
const meaning = (field) =>
  field.about + (field.names ? `: ${field.names.map((name, value) => `${value} ${name}`).join(', ')}` : '');

function readingsPage() {
  const parts = [
    '# Readings',
    'Made from `daemon/readings/kinds.ts`; do not edit. A reading is one observation of one kind. What is signed is the integer; `fieldseal decode` and the other commands print the JSON form.',
  ];
  for (const name of KIND_NAMES) {
    const spec = kindSpec(name);
    parts.push(`## ${name}\n\nKind number ${spec.number}. ${spec.about}`);
    parts.push(
      table(
        ['key', 'field', 'signed as', 'bounds', 'in JSON', 'meaning'],
        Object.entries(spec.fields).map(([field, f]) => [
          f.key,
          `\`${field}\`${spec.required.includes(field) ? ' (always there)' : ''}`,
          signedForm(f),
          bounds(f),
          jsonForm(f),
          meaning(f),
        ]),
      ),
    );
    for (const [field, f] of Object.entries(spec.fields)) {
      if (f.type !== 'records') continue;
      const width = Object.values(f.columns).reduce((sum, column) => sum + column.bytes, 0);
      parts.push(`Each row of \`${field}\` is ${width} bytes, little-endian:`);
      parts.push(
        table(
          ['column', 'bytes', 'unit', 'bounds', 'not known', 'meaning'],
          Object.entries(f.columns).map(([column, c]) => [
            `\`${column}\``,
            c.signed ? `${c.bytes}, signed` : c.bytes,
            c.format === 'flag' ? 'flag' : integerUnit(c),
            `${c.min} to ${c.max}`,
            c.none ?? '',
            c.about,
          ]),
        ),
      );
    }
  }
  return `${parts.join('\n\n')}\n`;
}

function errorsPage() {
  const rows = Object.entries(CATALOGUE).map(([code, { message, remedy }]) => [
    `\`${code}\``,
    message.replace('{detail}', '…'),
    remedy,
  ]);
  return `# Errors\n\nMade from \`daemon/errors.ts\`; do not edit. Each is one line, \`CODE place: what happened (remedy)\`, and its code never changes.\n\n${table(['code', 'what happened', 'what to do'], rows)}\n`;
}

const pages = {
  'docs/readings.md': readingsPage(),
  'docs/errors.md': errorsPage(),
  'device-profiles/schema.json': `${JSON.stringify(profileJsonSchema(), null, 2)}\n`,
};

const check = process.argv.includes('--check');
for (const [name, content] of Object.entries(pages)) {
  const file = new URL(`../${name}`, import.meta.url);
  if (!check) {
    writeFileSync(file, content);
  } else if (readOr(file, '') !== content) {
    console.error(`${name} is not current: run \`npm run docs\``);
    process.exitCode = 1;
  }
}

function readOr(file, fallback) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}
