import { Command, InvalidArgumentError } from 'commander';
import { Demo, type DemoSummary, drawTable } from '../demo/index.ts';
import { createLog, logDestination } from '../log.ts';
import { answerNo, type CommandIo, examples, printLine } from './io.ts';

const REDRAW_MS = 250;

interface DemoCommandOptions {
  proofs: number;
  json?: true;
  keep?: string;
}

export function demoCommand(io: CommandIo): Command {
  return new Command('demo')
    .description(
      'Runs two virtual serial receivers, a key in SoftHSM, a broker, the daemon and the verifier on this machine, and shows ' +
        'what is read, sealed, published and accepted. Ends by itself after so many accepted proofs.',
    )
    .option('--proofs <n>', 'accepted proofs that end it', parseCount, 5)
    .option('--json', 'print JSON lines instead of a table')
    .option('--keep <dir>', 'leave behind what it made: proofs, receipts, devices.json, configurations, ledger')
    .addHelpText('after', examples('fieldseal demo', 'fieldseal demo --proofs 20 --keep demo-files'))
    .action((options: DemoCommandOptions) => runDemo(io, options));
}

async function runDemo(io: CommandIo, { proofs, json, keep }: DemoCommandOptions): Promise<void> {
  const live = !json && io.stdout.isTTY === true;
  const demo = new Demo({
    proofs,
    keep,
    log: createLog(json || live ? 'silent' : 'warn', logDestination(io.stderr, io.env)),
    env: io.env,
    onEvent: (event) => {
      if (json) io.stdout.write(`${JSON.stringify(event)}\n`);
      else if (!live)
        io.stdout.write(
          `${Object.entries(event)
            .map(([name, value]) => `${name}=${value}`)
            .join(' ')}\n`,
        );
    },
  });
  const screen = live ? new Screen(io, demo) : undefined;
  let summary: DemoSummary;
  try {
    summary = await demo.run(io.signal);
  } finally {
    screen?.end();
  }
  if (json) await printLine(io.stdout, JSON.stringify({ event: 'summary', ...summary }));
  else await printLine(io.stdout, inWords(summary));
  if (summary.accepted < proofs) answerNo(io);
}

/** Redraws the table in place. */
class Screen {
  readonly #io: CommandIo;
  readonly #demo: Demo;
  readonly #timer: NodeJS.Timeout;
  #drawn = 0;

  constructor(io: CommandIo, demo: Demo) {
    this.#io = io;
    this.#demo = demo;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    const view = this.#demo.view();
    if (view === undefined) return;
    // A terminal that does not know its width says 0.
    const width = this.#io.stdout.columns || 100;
    const lines = drawTable(view).map((line) => line.slice(0, width - 1));
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.#io.stdout.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    this.#drawn = lines.length;
  }
}

function inWords({ accepted, sealed, readings, bytes, waiting, seconds, device, kept }: DemoSummary): string {
  const lines = [
    `${accepted} proofs accepted in ${seconds} s; ${sealed} sealed with ${readings} readings; ${bytes} bytes accepted; ${waiting} wait in the outbox`,
    `device ${device}`,
  ];
  if (kept !== undefined) {
    lines.push(
      `kept in ${kept}; try:`,
      `  fieldseal verify --devices ${kept}/devices.json ${kept}/proofs/*.cose`,
      `  fieldseal inspect ${kept}/proofs/000000.cose`,
    );
  }
  return lines.join('\n');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('write a number from 1');
  return count;
}
