import { closeSync, constants, existsSync, openSync, readdirSync, readSync, writeSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualPort } from '../../daemon/simulator/virtual-port.ts';

const RDWR = constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK;
const opened: VirtualPort[] = [];

function portOf(onData?: (bytes: Uint8Array) => void): VirtualPort {
  const port = new VirtualPort('device', onData);
  opened.push(port);
  return port;
}

function readAll(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  return buffer.toString('latin1', 0, readSync(fd, buffer));
}

afterEach(() => {
  for (const port of opened.splice(0)) port.close();
});

describe('a virtual port', () => {
  it('carries bytes unchanged in both directions', async () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    let heard: (bytes: Uint8Array) => void = () => {};
    const answer = new Promise<Uint8Array>((resolve) => {
      heard = resolve;
    });
    const port = portOf((bytes) => heard(bytes));
    const fd = openSync(port.open(), RDWR);
    expect(port.write(all)).toBe(256);
    expect(Buffer.from(readAll(fd), 'latin1')).toEqual(all);
    writeSync(fd, all);
    expect(Buffer.from(await answer)).toEqual(all);
    closeSync(fd);
  });

  it('hangs up when it is unplugged, and is there again under the same path when plugged in', () => {
    const port = portOf();
    const path = port.open();
    const fd = openSync(path, RDWR);
    port.unplug();
    expect(readAll(fd)).toBe('');
    expect(existsSync(path)).toBe(false);
    expect(port.isPlugged).toBe(false);
    closeSync(fd);
    port.plug();
    expect(port.path).toBe(path);
    const again = openSync(path, RDWR);
    port.write(Buffer.from('back'));
    expect(readAll(again)).toBe('back');
    closeSync(again);
  });

  it('drops and counts what nobody reads instead of waiting', () => {
    const port = portOf();
    port.open();
    const chunk = Buffer.alloc(4_096, 0x55);
    const began = performance.now();
    let written = 0;
    for (let count = 0; count < 100; count++) written += port.write(chunk);
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(written).toBeGreaterThan(1_000);
    expect(written).toBeLessThan(200_000);
    expect(port.dropped).toBe(100 * chunk.length - written);
    port.unplug();
    expect(port.write(chunk)).toBe(0);
  });

  it('leaves nothing behind when it is closed', () => {
    const handles = () => readdirSync('/proc/self/fd').length;
    portOf().open(); // Whatever the first terminal of a process sets up stays.
    opened[0]?.close();
    const before = handles();
    const port = portOf();
    const path = port.open();
    for (let count = 0; count < 20; count++) {
      port.unplug();
      port.plug();
    }
    port.close();
    expect(handles()).toBe(before);
    expect(existsSync(path)).toBe(false);
    expect(() => port.path).toThrow('not open');
  });
});
