import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { transportFor } from '../../daemon/serial/port-path.ts';
import { afterwards, supervise } from './bench.ts';

describe('a port behind a network socket', () => {
  /** Listens and gives the sockets as they come. */
  async function listen(port = 0): Promise<{ server: Server; port: number; next: () => Promise<Socket> }> {
    const server = createServer();
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const sockets: Socket[] = [];
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      sockets.push(socket);
      server.emit('ready');
    });
    afterwards(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const taken = { count: 0 };
    const next = async (): Promise<Socket> => {
      const index = taken.count++;
      while (sockets.length <= index) await once(server, 'ready');
      return sockets[index] as Socket;
    };
    return { server, port: (server.address() as AddressInfo).port, next };
  }

  it('is read and written, and connected anew when the far end hangs up or resets', async () => {
    const { port: number, next } = await listen();
    const port = supervise({ path: `tcp://127.0.0.1:${number}` });
    const first = await next();
    first.write('a\n');
    await port.untilState('running');
    await port.supervisor.write(Buffer.from('hello'));
    expect(String((await once(first, 'data'))[0])).toBe('hello');
    first.end('last\n');
    const second = await next();
    second.write('b\n');
    await port.until(() => port.text === 'a\nlast\nb\n');
    second.resetAndDestroy();
    const third = await next();
    third.write('c\n');
    await port.until(() => port.text === 'a\nlast\nb\nc\n');
    const { reopens } = port.supervisor.stats;
    expect(reopens.hangup + reopens.failed).toBe(2);
  });

  it('is missing while nobody listens there', async () => {
    const { server, port: number } = await listen();
    server.close();
    await once(server, 'close');
    const port = supervise({ path: `tcp://127.0.0.1:${number}` });
    await port.untilState('missing');
    expect(port.errors[0]?.toLine()).toContain(`PORT_NOT_FOUND: there is no serial port tcp://127.0.0.1:${number}`);
    const { next } = await listen(number);
    (await next()).write('a\n');
    await port.untilState('running');
  });
});

describe('a recording as a port', () => {
  function recording(bytes: Uint8Array): string {
    const folder = mkdtempSync(join(tmpdir(), 'fieldseal-recording-'));
    afterwards(() => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, 'a recording?.bin');
    writeFileSync(path, bytes);
    return path;
  }

  it('is played to its end, whole, however large, and ends the run', async () => {
    const bytes = randomBytes(3_000_000);
    const port = supervise({ path: `file:${recording(bytes)}` });
    await port.ended;
    expect(Buffer.from(port.text, 'latin1').equals(bytes)).toBe(true);
    expect(port.overflow).toBe(0);
    expect(port.state).toBe('closed');
    expect(port.quiets).toBeGreaterThan(0);
  });

  it('is played at the rate that is asked for', async () => {
    const bytes = randomBytes(4_000);
    const began = performance.now();
    const port = supervise({ path: `file:${recording(bytes)}?rate=20000` });
    await port.ended;
    const took = performance.now() - began;
    expect(Buffer.from(port.text, 'latin1').equals(bytes)).toBe(true);
    expect(took).toBeGreaterThan(190);
    expect(took).toBeLessThan(2_000);
  });

  it('can be stopped on its way', async () => {
    const port = supervise({ path: `file:${recording(randomBytes(100_000))}?rate=1000` });
    await port.until(() => port.text.length > 0);
    await port.stop();
    expect(port.text.length).toBeLessThan(100_000);
  });

  it('is missing where there is no such file, and takes no bytes', async () => {
    const port = supervise({ path: 'file:/nowhere/at/all.bin' });
    await port.untilState('missing');
    const playing = supervise({ path: `file:${recording(randomBytes(1_000))}?rate=100` });
    await playing.untilOpened(1);
    await expect(playing.supervisor.write(Buffer.from('x'))).rejects.toThrow('takes no bytes');
  });
});

describe('a port path', () => {
  it.each([
    { path: '/dev/ttyUSB0', name: 'SerialTransport' },
    { path: '/dev/serial/by-id/usb-x?y', name: 'SerialTransport' },
    { path: 'auto', name: 'SerialTransport' },
    { path: 'tcp://gateway.local:2000', name: 'TcpTransport' },
    { path: 'tcp://[::1]:2000', name: 'TcpTransport' },
    { path: 'udp://:1700', name: 'UdpTransport' },
    { path: 'udp://[::1]:1700', name: 'UdpTransport' },
    { path: 'file:/a/b.bin', name: 'FileTransport' },
    { path: 'file:/a/b.bin?speed=0.5', name: 'FileTransport' },
    { path: 'file:b.bin?rate=960', name: 'FileTransport' },
  ])('$path is a $name', ({ path, name }) => {
    expect(transportFor(path, undefined, 1_000).constructor.name).toBe(name);
  });

  it.each([
    'tcp://host',
    'tcp://host:0',
    'tcp://host:70000',
    'tcp://:1',
    'tcp://a:1/x',
    'udp://:0',
    'udp://',
    'file:',
    'file:x?rate=0',
    'file:x?speed=0',
  ])('%s is refused', (path) => {
    expect(() => transportFor(path, undefined, 1_000)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
