/** fieldseal(1), in man(7)'s macros. */
export function makeManual(commands, catalogue, { version, date, description }) {
  const [program, ...rest] = commands;
  const errors = Object.entries(catalogue);
  const parts = [
    head('FIELDSEAL', '1', { version, date }, 'User Commands'),
    section('NAME', `fieldseal \\- ${text(lowerFirst(program.summary.replace(/\.$/, '')))}`),
    section('SYNOPSIS', '.B fieldseal\n.I COMMAND\n.RI [ OPTION ...]\n.RI [ ARGUMENT ...]'),
    section('DESCRIPTION', text(sentence(description))),
    section('COMMANDS', rest.map(commandPart).join('\n')),
    section('EXIT STATUS', list(exitCodes(program.epilogue), '.B')),
    section(
      'ERRORS',
      `${text('An error is one line with its code.')}\n${list(
        errors.map(([code, { remedy }]) => [code, sentence(remedy)]),
        '.B',
      )}`,
    ),
    section('FILES', list(FILES, '.I')),
    section(
      'SEE ALSO',
      '.BR fieldseal.yaml (5),\n.BR systemctl (1),\n.BR journalctl (1)\n.PP\nThe whole documentation is in\n.IR /usr/share/doc/fieldseal/docs .',
    ),
  ];
  return `${parts.join('\n')}\n`;
}

/** fieldseal.yaml(5): the annotated configurations, word for word. */
export function makeConfigManual(daemonExample, verifierExample, { version, date }) {
  const parts = [
    head('FIELDSEAL.YAML', '5', { version, date }, 'File Formats'),
    section('NAME', 'fieldseal.yaml, verifier.yaml \\- configuration of the fieldseal daemon and of its verifier'),
    section(
      'DESCRIPTION',
      `${text('The daemon reads /etc/fieldseal/fieldseal.yaml, the verifier /etc/fieldseal/verifier.yaml; both are YAML. The command')}\n.B fieldseal config check\n${text('names every mistake in one. These are all keys, with their defaults.')}`,
    ),
    section('FIELDSEAL.YAML', verbatim(daemonExample)),
    section('VERIFIER.YAML', verbatim(verifierExample)),
    section('SEE ALSO', '.BR fieldseal (1)'),
  ];
  return `${parts.join('\n')}\n`;
}

const FILES = [
  ['/etc/fieldseal/fieldseal.yaml', 'The configuration of the daemon, made by the administrator.'],
  ['/etc/fieldseal/fieldseal.example.yaml', 'The annotated example of it.'],
  [
    '/var/lib/fieldseal',
    "The daemon's state: proofs that wait for their receipts, and readings that are not sealed yet.",
  ],
];

const head = (name, number, { version, date }, volume) =>
  `.\\" Made from the program: do not edit.\n.TH ${name} ${number} ${date} "Fieldseal ${version}" "${volume}"\n.nh\n.ad l`;
const list = (rows, face) => rows.map(([name, about]) => `.TP\n${face} ${text(name)}\n${text(about)}`).join('\n');
/** "Exit codes: 0 good, 1 the answer is no." of the help. */
const exitCodes = (help) =>
  [...(/Exit codes: (.*)\.$/s.exec(help)?.[1] ?? '').replaceAll('\n', ' ').matchAll(/(\d+) (.*?)(?=, \d+ |$)/g)].map(
    ([, code, about]) => [code, sentence(about)],
  );
const section = (name, body) => `.SH ${name.includes(' ') ? `"${name}"` : name}\n${body}`;
const verbatim = (body) => `.PP\n.nf\n${body.trimEnd().split('\n').map(text).join('\n')}\n.fi`;

function commandPart({ words, usage, summary, options, arguments: args, epilogue }) {
  const lines = [`.SS "${text([...words.slice(1), usage].join(' '))}"`, text(sentence(summary))];
  for (const { name, about } of args) if (about) lines.push('.TP', `.I ${text(name)}`, text(sentence(about)));
  for (const { flags, about, choices, default: value } of options.filter(({ flags }) => !flags.includes('--help'))) {
    const more = [
      ...(choices ? [`One of ${choices.join(', ')}.`] : []),
      ...(value === undefined || Array.isArray(value) ? [] : [`The default is ${value}.`]),
    ];
    lines.push('.TP', `.B ${text(flags)}`, text([sentence(about), ...more].join(' ')));
  }
  const examples = [...epilogue.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => line);
  if (examples.length > 0)
    lines.push('.PP', examples.length > 1 ? 'Examples:' : 'Example:', verbatim(examples.join('\n')));
  return lines.join('\n');
}

const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? '' : '.'}`;
const lowerFirst = (words) => `${words.charAt(0).toLowerCase()}${words.slice(1)}`;

/** A line as it is: backslashes, hyphens that are to be typed, and a control character at its start stand for themselves. */
function text(line) {
  const escaped = line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll('`', '\\(ga')
    .replaceAll("'", '\\(aq');
  return /^[.]/.test(escaped) ? `\\&${escaped}` : escaped;
}
