import { Command } from 'commander';
import { pause } from '../abort.ts';
import { loadDaemonConfig } from '../config/index.ts';
import { FieldsealError } from '../errors.ts';
import { askStatus } from '../page/ask.ts';
import type { StatusReport } from '../page/report.ts';
import { drawScreen } from '../page/screen.ts';
import { PACKAGED_SOCKET, runtimeSocket } from '../page/socket.ts';
import { type CommandIo, examples, printJson, printLine } from './io.ts';

const PERIOD_MS = 2_000;
const WIDTH = 100;
const [ENTER, LEAVE] = ['\u001b[?1049h\u001b[?25l', '\u001b[?25h\u001b[?1049l'];
const [HOME, CLEAR_LINE, CLEAR_REST] = ['\u001b[H', '\u001b[K', '\u001b[J'];

interface StatusOptions {
  readonly json?: true;
  readonly watch?: true;
  readonly socket?: string;
  readonly config?: string;
}

export function statusCommand(io: CommandIo): Command {
  return new Command('status')
    .description(
      'Asks the running daemon how it is: ports, satellites, readings, outbox, receipts, token, clock and host. Without an option it ' +
        `asks at ${PACKAGED_SOCKET.slice('unix:'.length)}.`,
    )
    .option('--json', 'all of it as JSON')
    .option('--watch', 'show it anew every two seconds, until Ctrl-C')
    .option('--socket <address>', 'where the daemon answers: a Unix socket or HOST:PORT')
    .option('--config <file>', "the daemon's configuration, whose health.listen says where")
    .addHelpText('after', examples('fieldseal status', 'fieldseal status --watch --socket 127.0.0.1:9464'))
    .action((options: StatusOptions) => status(io, options));
}

async function status(io: CommandIo, options: StatusOptions): Promise<void> {
  const address = await addressOf(io, options);
  if (options.watch) await watch(io, address, options);
  else if (options.json) await printJson(io.stdout, await askStatus(address));
  else await printLine(io.stdout, draw(io, await askStatus(address)).join('\n'));
}

async function addressOf({ env }: CommandIo, { socket, config }: StatusOptions): Promise<string> {
  if (socket !== undefined) return socket;
  const listen = config === undefined ? undefined : (await loadDaemonConfig(config)).health.listen;
  return listen ?? runtimeSocket(env) ?? PACKAGED_SOCKET;
}

function draw({ stdout, env }: CommandIo, report: StatusReport): string[] {
  const colour = stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return drawScreen(report, {
    width: stdout.isTTY === true ? (stdout.columns ?? WIDTH) : Number.MAX_SAFE_INTEGER,
    colour,
  });
}

/** Shows the status until the signal: in place on a terminal, else one after the other. A daemon that goes away is waited for. */
async function watch(io: CommandIo, address: string, { json }: StatusOptions): Promise<void> {
  const { stdout, signal } = io;
  const inPlace = stdout.isTTY === true && json !== true;
  if (inPlace) stdout.write(ENTER);
  try {
    let last: readonly string[] = [];
    while (!signal.aborted) {
      const answer = await askOrSay(address);
      if (json) {
        if (typeof answer !== 'string') await printLine(stdout, JSON.stringify(answer));
      } else {
        if (typeof answer !== 'string') last = draw(io, answer);
        const lines = typeof answer === 'string' ? [answer, '', ...last] : last;
        if (inPlace) stdout.write(repaint(lines.slice(0, (stdout.rows ?? lines.length + 1) - 1)));
        else await printLine(stdout, `${lines.join('\n')}\n`);
      }
      await pause(PERIOD_MS, signal);
    }
  } finally {
    if (inPlace) stdout.write(LEAVE);
  }
}

const repaint = (lines: readonly string[]): string =>
  HOME + lines.map((line) => `${line}${CLEAR_LINE}\n`).join('') + CLEAR_REST;

/** The report, or the line that says why there is none. */
async function askOrSay(address: string): Promise<StatusReport | string> {
  try {
    return await askStatus(address);
  } catch (error) {
    if (error instanceof FieldsealError && error.code === 'DAEMON_NOT_RUNNING') return error.toLine();
    throw error;
  }
}
