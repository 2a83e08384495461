#!/usr/bin/node
import { spawnSync } from 'node:child_process';
import { firstBoot } from './first-boot.mjs';

/** Runs a program to its end. Its environment is ours: the PATH of a system service. */
function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 });
  if (error !== undefined) return { code: 127, stdout: '', stderr: `${command}: ${error.message}` };
  return { code: status ?? 128, stdout, stderr };
}

const outcome = await firstBoot({ root: '/', boot: '/boot/firmware', run });
console.log({ absent: 'no set-up file', refused: 'not set up: see fieldseal-report.txt', done: 'set up' }[outcome]);
process.exitCode = outcome === 'refused' ? 1 : 0;
