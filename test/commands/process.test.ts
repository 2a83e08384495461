import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { builtProgram, runCommand } from '../support/program.ts';

const capture = new URL('../captures/gnss/ubx-pvt-10hz.bin', import.meta.url).pathname;
let site: DaemonFolder;
beforeAll(async () => {
  site = await DaemonFolder.make();
});
afterAll(() => site.remove());

function startProgram(...args: string[]) {
  const child = spawn(process.execPath, [builtProgram(), ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
  const heard: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => heard.push(chunk));
  const ended = once(child, 'close').then(([code, signal]) => signal ?? code);
  const said = async (phrase: string): Promise<void> => {
    while (!Buffer.concat(heard).includes(phrase)) await once(child.stderr, 'data');
  };
  return { child, ended, said, stderr: () => Buffer.concat(heard).toString('utf8') };
}

describe('the program as a process', () => {
  it('is content when its reader has seen enough', async () => {
    const script = `"$0" "$1" decode --protocol gnss "$2" | head -1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await runCommand('bash', ['-c', script, process.execPath, builtProgram(), capture]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\{"kind":"gnss\.fix".*\}\n0\n$/);
  });

  it('seals what it holds at the first SIGTERM, and exits 0', async () => {
    const { child, ended, said, stderr } = startProgram('run', '--config', site.configure());
    await said('gateway runs');
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(stderr()).toContain('gateway stopped');
  });

  it('ends at once at the second SIGINT', async () => {
    const { child, ended, said } = startProgram('run', '--config', site.configure());
    await said('gateway runs');
    child.kill('SIGINT');
    child.kill('SIGINT');
    const begun = performance.now();
    // Both signals may be taken in one turn: then the first has not been heard before the second came.
    const again = setInterval(() => child.kill('SIGINT'), 100);
    expect(await ended).toBe('SIGINT');
    clearInterval(again);
    expect(performance.now() - begun).toBeLessThan(1_500);
  });

  it('is not held up by a read that never returns', async () => {
    const fifo = site.path('silent');
    const { code } = await runCommand('mkfifo', [fifo]);
    expect(code).toBe(0);
    const holder = spawn('bash', ['-c', 'exec 9<>"$0"; echo held; read -r', fifo], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(holder.stdout, 'data');
    const { child, ended, said } = startProgram('decode', '--protocol', 'gnss', '--stats', fifo);
    const asking = setInterval(() => child.kill('SIGINT'), 700);
    await said('"bytes":0');
    expect(await ended).toBe('SIGINT');
    clearInterval(asking);
    holder.stdin.end('\n');
    await once(holder, 'close');
  });
});
