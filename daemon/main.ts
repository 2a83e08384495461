#!/usr/bin/env node
import { runProgram } from './commands/index.ts';
import { EXIT } from './errors.ts';

process.on('uncaughtException', (error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(EXIT.bug);
});
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.good); // the reader, such as `head`, has seen enough
  throw error;
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error; // nobody reads the log any more: no reason to stop sealing
});

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const PATIENCE_MS = 500;

const stop = new AbortController();
let stoppedBy: NodeJS.Signals | undefined;
function onSignal(signal: NodeJS.Signals): void {
  // Asked twice, the operator does not want to wait: from here on a signal does what it does to any program.
  for (const one of SIGNALS) process.off(one, onSignal);
  stoppedBy = signal;
  stop.abort();
}

process.exitCode = await runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  // Asked for only by commands that end in good order; a signal ends all others at once.
  get signal() {
    for (const one of SIGNALS)
      if (stoppedBy === undefined && process.listenerCount(one) === 0) process.on(one, onSignal);
    return stop.signal;
  },
  // On a terminal it means that the terminal is gone, and the program goes with it.
  ...(process.stderr.isTTY ? {} : { onHangup: (listener: () => void) => process.on('SIGHUP', listener) }),
});
// What hangs, such as a token, must not keep a program from ending that has failed.
if (process.exitCode >= EXIT.usage) setTimeout(() => process.exit(), PATIENCE_MS).unref();
if (stoppedBy !== undefined) {
  const signal = stoppedBy;
  // A read that never returns, as of a silent terminal, holds the process up, and even process.exit() with it.
  setTimeout(() => process.kill(process.pid, signal), PATIENCE_MS).unref();
}
