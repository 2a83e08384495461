import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from '../../daemon/native.ts';

// Node has no datagram sockets in the AF_UNIX family: the service manager's end is a few lines of Python.
const LISTENER = `
import socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(s.recv(8192).decode().replace("\\n", "|"), flush=True)
`;

let folder: string;
let listener: ChildProcess | undefined;
const before = process.env['NOTIFY_SOCKET'];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fieldseal-notify-'));
});

afterEach(() => {
  listener?.kill();
  listener = undefined;
  if (before === undefined) delete process.env['NOTIFY_SOCKET'];
  else process.env['NOTIFY_SOCKET'] = before;
  rmSync(folder, { recursive: true });
});

async function listen(name: string): Promise<() => Promise<string>> {
  const child = spawn('/usr/bin/python3', ['-c', LISTENER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  listener = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the listener ended');
    return value;
  };
  expect(await next()).toBe('bound');
  return next;
}

describe('sdNotify', () => {
  it('says false where no service manager listens', () => {
    delete process.env['NOTIFY_SOCKET'];
    expect(loadNative().sdNotify('READY=1')).toBe(false);
  });

  it.each([
    ['a path', () => join(folder, 'notify')],
    ['an abstract name', () => `@fieldseal-${folder.slice(-6)}`],
  ])('sends one datagram a call to %s', async (_what, name) => {
    const next = await listen(name());
    process.env['NOTIFY_SOCKET'] = name();
    expect(loadNative().sdNotify('READY=1\nSTATUS=sealing')).toBe(true);
    expect(loadNative().sdNotify('WATCHDOG=1')).toBe(true);
    expect(await next()).toBe('READY=1|STATUS=sealing');
    expect(await next()).toBe('WATCHDOG=1');
  });

  it.each([
    ['ENOENT', () => join(folder, 'nobody')],
    ['ECONNREFUSED', () => '@fieldseal-nobody'],
    ['EAFNOSUPPORT', () => 'vsock:2:1234'],
    ['EAFNOSUPPORT', () => `/${'x'.repeat(200)}`],
  ])('throws %s where the socket does not answer', (code, name) => {
    process.env['NOTIFY_SOCKET'] = name();
    expect(() => loadNative().sdNotify('READY=1')).toThrow(expect.objectContaining({ code }));
  });

  it('refuses a state that is not a string or does not fit a datagram', () => {
    expect(() => loadNative().sdNotify(undefined as never)).toThrow(TypeError);
    expect(() => loadNative().sdNotify('x'.repeat(5000))).toThrow(expect.objectContaining({ code: 'EMSGSIZE' }));
  });
});
