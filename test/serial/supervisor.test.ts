import { chmodSync, mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { afterwards, device, folder, supervise } from './bench.ts';
import { PortUnderTest } from './harness.ts';

const handles = (): number => readdirSync('/proc/self/fd').length;

describe('a supervised port', () => {
  it('hands on the bytes in the order of the wire and says when the line is quiet', async () => {
    const wire = device();
    const port = supervise({ path: wire.path });
    await port.untilOpened(1);
    let sent = '';
    for (let line = 0; line < 500; line++) {
      const text = `line ${line} ${'x'.repeat(line % 90)}\n`;
      wire.write(Buffer.from(text));
      sent += text;
      if (line % 20 === 0) await port.until(() => port.text.length === sent.length);
    }
    await port.until(() => port.text.length === sent.length);
    expect(port.text).toBe(sent);
    expect(port.states).toEqual(['opening', 'running']);
    expect(port.supervisor.stats).toMatchObject({ bytes: sent.length, frames: 500, opens: 1, overflow: 0 });
    const before = port.quiets;
    await port.until(() => port.quiets > before);
  });

  it('gives all 256 byte values unchanged: the line is raw', async () => {
    const wire = device();
    const port = supervise({ path: wire.path });
    await port.untilOpened(1);
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    wire.write(all);
    await port.until(() => port.text.length === 256);
    expect(Buffer.from(port.text, 'latin1')).toEqual(all);
  });

  it('writes to the device, and refuses to while it is not open', async () => {
    let heard = '';
    let wake = () => {};
    const wire = device((bytes) => {
      heard += Buffer.from(bytes).toString();
      wake();
    });
    const port = supervise({ path: wire.path });
    await expect(port.supervisor.write(Buffer.from('early'))).rejects.toMatchObject({ code: 'PORT_FAILED' });
    wire.write(Buffer.from('hello\n'));
    await port.untilOpened(1);
    const text = 'configure '.repeat(3_000);
    await port.supervisor.write(Buffer.from(text));
    while (heard.length < text.length) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    expect(heard).toBe(text);
  });

  it('closes and ends when it is told to, at any moment', async () => {
    const wire = device();
    const before = handles();
    const port = new PortUnderTest({ path: wire.path }).start();
    await port.untilOpened(1);
    wire.write(Buffer.from('a\n'));
    await port.untilState('running');
    await port.stop();
    expect(port.state).toBe('closed');
    expect(handles()).toBeLessThanOrEqual(before + 1);

    const early = new PortUnderTest({ path: wire.path }).start();
    await early.stop();
    expect(early.state).toBe('closed');
  });
});

describe('a process that is held up', () => {
  it('takes the bytes that wait for it before it calls the line quiet or the device silent', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, silenceMs: 60 });
    await port.untilOpened(1);
    const order: string[] = [];
    port.frames = (chunk) => {
      order.push(`bytes ${chunk.length}`);
      return 1;
    };
    wire.write(Buffer.from('a\n'));
    await port.until(() => order.length === 1);
    const quiets = port.quiets;
    wire.write(Buffer.from('bc\n'));
    const until = performance.now() + 150;
    while (performance.now() < until);
    await port.until(() => order.length === 2 || port.quiets > quiets || port.state !== 'running');
    expect(order).toEqual(['bytes 2', 'bytes 3']);
    expect(port.quiets).toBe(quiets);
    expect(port.state).toBe('running');
  });
});

describe('a port that cannot be opened', () => {
  it('is missing, with one clear line, until the device is plugged in', async () => {
    const wire = device();
    const path = join(folder(), 'by-id', 'receiver');
    const port = supervise({ path, timing: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    await port.untilState('missing');
    expect(port.errors.map((error) => error.toLine())).toEqual([
      `PORT_NOT_FOUND: there is no serial port ${path} (plug the device in, or correct the path; \`ls /dev/serial/by-id\` lists what is there)`,
    ]);
    mkdirSync(join(path, '..'));
    symlinkSync(wire.path, path);
    await port.untilOpened(1);
    wire.write(Buffer.from('a\n'));
    await port.untilState('running');
    expect(port.states).toEqual(['opening', 'missing', 'opening', 'running']);
    expect(port.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('is told once however often it is tried', async () => {
    const port = supervise({ path: join(folder(), 'none'), timing: { backoffMinMs: 2, backoffMaxMs: 4 } });
    await port.untilState('missing');
    await port.until(() => port.supervisor.stats.refusals.missing >= 20);
    expect(port.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(port.states).toEqual(['opening', 'missing']);
  });

  it('is busy while another program holds it, and read when that lets go', async () => {
    const wire = device();
    const first = new PortUnderTest({ path: wire.path }).start();
    await first.untilOpened(1);
    const second = supervise({ path: wire.path });
    await second.untilState('busy');
    expect(second.errors[0]?.code).toBe('PORT_BUSY');
    await first.stop();
    await second.untilOpened(1);
    wire.write(Buffer.from('a\n'));
    await second.untilState('running');
    expect(second.text).toBe('a\n');
  });

  it.skipIf(process.getuid?.() !== 0)('is denied without permission, until that is granted (needs root)', async () => {
    const node = realpathSync(device().path);
    chmodSync(node, 0o600);
    afterwards(() => process.seteuid?.(0));
    process.seteuid?.(65_534);
    const port = supervise({ path: node, timing: { backoffMinMs: 60_000, backoffMaxMs: 60_000 } });
    await port.untilState('denied');
    expect(port.errors[0]?.toLine()).toContain(`PORT_DENIED: no permission to open the serial port ${node}`);
    process.seteuid?.(0);
    chmodSync(node, 0o666);
    process.seteuid?.(65_534);
    await port.untilOpened(1);
  });

  it('has failed where the path is no serial device', async () => {
    const path = join(folder(), 'file');
    writeFileSync(path, 'text');
    const port = supervise({ path });
    await port.untilState('failed');
    expect(port.errors[0]?.toLine()).toContain(`PORT_FAILED: the port cannot be used: ${path} is not a serial device`);
  });
});

describe('a storm', () => {
  it('is bounded: what comes faster than any line is dropped and counted', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, timing: { maxBytesPerSecond: 10_000 } });
    await port.untilOpened(1);
    let sent = 0;
    while (sent < 60_000) {
      sent += wire.write(Buffer.alloc(2_000, 'x'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await port.until(() => port.supervisor.stats.bytes === sent);
    expect(port.overflow).toBe(port.supervisor.stats.overflow);
    expect(port.overflow).toBe(sent - port.text.length);
    expect(port.text.length).toBeGreaterThanOrEqual(10_000);
    expect(port.overflow).toBeGreaterThan(30_000);
  });
});
