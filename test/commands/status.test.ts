import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { serveHttp } from '../../daemon/http-server.ts';
import { statusRoutes } from '../../daemon/page/index.ts';
import { partsFor, sampleStatus } from '../page/sample.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { runCommand, startCommand } from '../support/run-command.ts';

const well = sampleStatus();
const ESC = String.fromCharCode(27);
let folder: DaemonFolder;
let socket: string;
let daemon: { stop: () => Promise<void> };

async function startDaemon(path: string) {
  const stop = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  await new Promise<unknown>((onListening) => {
    ended = serveHttp(`unix:${path}`, statusRoutes(partsFor(well)), stop.signal, { onListening });
  });
  return {
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

beforeAll(async () => {
  folder = await DaemonFolder.make();
  socket = folder.path('status.sock');
  daemon = await startDaemon(socket);
});
afterAll(async () => {
  await daemon.stop();
  folder.remove();
});

/** A terminal of 60 columns and 10 rows. */
function terminal() {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true, columns: 60, rows: 10 });
  let text = '';
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return { stream, text: () => text };
}

describe('fieldseal status', () => {
  it.each([
    ['by --socket', () => ['--socket', socket], {}],
    ['by --socket with its scheme', () => ['--socket', `unix:${socket}`], {}],
    ['by the configuration', () => ['--config', folder.configure({ health: { listen: `unix:${socket}` } })], {}],
    ["by systemd's folder", () => [], { RUNTIME_DIRECTORY: 'here' }],
  ])('finds the daemon %s', async (_, options, { RUNTIME_DIRECTORY }: { RUNTIME_DIRECTORY?: string }) => {
    const env = RUNTIME_DIRECTORY === undefined ? {} : { RUNTIME_DIRECTORY: folder.folder };
    const { code, stdout } = await runCommand(['status', ...options()], { env });
    expect(code).toBe(0);
    expect(stdout).toContain('gateway-17');
    expect(stdout).toContain('● all is well');
    expect(stdout).not.toContain(ESC);
  });

  it('prints all of it as JSON', async () => {
    const { stdout } = await runCommand(['status', '--json', '--socket', socket]);
    expect(JSON.parse(stdout)).toMatchObject({ kid: well.kid, findings: [], recent: { rate: { stepMs: 5_000 } } });
  });

  it('says that no daemon runs: one line, and the exit code of what time may mend', async () => {
    const { code, stdout, stderr } = await runCommand(['status', '--socket', folder.path('absent.sock')]);
    expect([code, stdout]).toEqual([75, '']);
    expect(stderr).toMatch(/^DAEMON_NOT_RUNNING .*absent\.sock: no daemon answers: there is no such socket \(.*\)\n$/);
  });

  it('has colours on a terminal, unless NO_COLOR is set', async () => {
    const [coloured, plain] = [terminal(), terminal()];
    await runCommand(['status', '--socket', socket], { stdout: coloured.stream });
    await runCommand(['status', '--socket', socket], { stdout: plain.stream, env: { NO_COLOR: '1' } });
    expect(coloured.text()).toContain(`${ESC}[32m● all is well${ESC}[0m`);
    expect(plain.text()).not.toContain(ESC);
    for (const line of plain.text().split('\n')) expect([...line].length).toBeLessThanOrEqual(60);
  });

  it('watches in place, within the rows of the terminal, and leaves it as it was', async () => {
    const { stream, text } = terminal();
    const watching = startCommand(['status', '--watch', '--socket', socket], { stdout: stream });
    await vi.waitFor(() => expect(text().split(`${ESC}[H`)).toHaveLength(3), 10_000);
    watching.stop();
    expect((await watching.ended).code).toBe(0);
    const [, first = ''] = text().split(`${ESC}[H`);
    expect(first.split('\n').length).toBeLessThanOrEqual(10);
    expect(text().startsWith(`${ESC}[?1049h`)).toBe(true);
    expect(text().endsWith(`${ESC}[?25h${ESC}[?1049l`)).toBe(true);
  });

  it('waits, while it watches, for a daemon that is gone', async () => {
    const path = folder.path('comes.sock');
    const { stream, text } = terminal();
    const watching = startCommand(['status', '--watch', '--socket', path], { stdout: stream });
    await vi.waitFor(() => expect(text()).toContain('DAEMON_NOT_RUNNING'), 10_000);
    const late = await startDaemon(path);
    await vi.waitFor(() => expect(text()).toContain('all is well'), 10_000);
    watching.stop();
    await watching.ended;
    await late.stop();
  });
});
