import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { afterwards, supervise } from './bench.ts';

/** A device's socket, and a number of a port that is free. */
async function socket(type: 'udp4' | 'udp6' = 'udp4'): Promise<Socket> {
  const one = createSocket(type);
  one.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(one, 'listening');
  afterwards(() => new Promise<void>((resolve) => one.close(() => resolve())));
  return one;
}

async function freePort(): Promise<number> {
  const one = createSocket('udp4');
  one.bind(0, '127.0.0.1');
  await once(one, 'listening');
  const { port } = one.address();
  one.close();
  await once(one, 'close');
  return port;
}

describe('a port that devices send datagrams to', () => {
  it.each(['127.0.0.1', ''])('takes each whole with its sender, and answers it (host "%s")', async (host) => {
    const number = await freePort();
    const port = supervise({ path: `udp://${host}:${number}` });
    const heard: [string, string | undefined][] = [];
    port.heard = (chunk, peer) => heard.push([Buffer.from(chunk).toString(), peer]);
    await port.untilOpened(1);
    const [first, second] = [await socket(), await socket()];
    first.send('one\n', number, '127.0.0.1');
    await port.until(() => heard.length === 1);
    second.send('two\n', number, '127.0.0.1');
    await port.until(() => heard.length === 2);
    const peers = [first, second].map((one) => `127.0.0.1:${one.address().port}`);
    expect(heard).toEqual([
      ['one\n', peers[0]],
      ['two\n', peers[1]],
    ]);
    expect(port.state).toBe('running');
    const answer = once(second, 'message');
    port.supervisor.send(Buffer.from('ack'), peers[1]);
    expect(String((await answer)[0])).toBe('ack');
    await port.until(() => port.supervisor.stats.sent === 3);
  });

  it('works over IPv6', async () => {
    const number = await freePort();
    const port = supervise({ path: `udp://[::1]:${number}` });
    await port.untilOpened(1);
    const device = await socket('udp6');
    let from = '';
    port.heard = (_chunk, peer) => {
      from = peer ?? '';
    };
    device.send('six\n', number, '::1');
    await port.untilState('running');
    expect(from).toBe(`[::1]:${device.address().port}`);
    const answer = once(device, 'message');
    await port.supervisor.write(Buffer.from('ack'), from);
    await answer;
  });

  it('is busy while another program has it, and is opened when that has gone', async () => {
    const other = createSocket('udp4');
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const port = supervise({ path: `udp://127.0.0.1:${other.address().port}` });
    await port.untilState('busy');
    other.close();
    await port.untilOpened(1);
  });

  it('stays open through any silence: whoever sends next is heard', async () => {
    const number = await freePort();
    const port = supervise({ path: `udp://127.0.0.1:${number}`, silenceMs: 30 });
    await port.untilState('stalled');
    const device = await socket();
    for (let times = 0; times < 3; times++) {
      device.send('x\n', number, '127.0.0.1');
      await port.untilState('running');
      await port.untilState('stalled');
    }
    expect(port.supervisor.stats.opens).toBe(1);
  });

  it('drops whole datagrams in a storm, and counts them', async () => {
    const number = await freePort();
    const port = supervise({ path: `udp://127.0.0.1:${number}`, timing: { maxBytesPerSecond: 2_500 } });
    const sizes = new Set<number>();
    port.heard = (chunk) => sizes.add(chunk.length);
    await port.untilOpened(1);
    const device = await socket();
    for (let count = 0; count < 5; count++) device.send(Buffer.alloc(1_000, 10), number, '127.0.0.1');
    await port.until(() => port.supervisor.stats.bytes === 5_000);
    expect([...sizes]).toEqual([1_000]);
    expect(port.overflow % 1_000).toBe(0);
    expect(port.overflow).toBeGreaterThan(0);
    expect(port.text.length + port.overflow).toBe(5_000);
  });

  it('counts what has nobody to go to', async () => {
    const number = await freePort();
    const port = supervise({ path: `udp://127.0.0.1:${number}` });
    port.supervisor.send(Buffer.from('too early'), '127.0.0.1:9');
    await port.untilOpened(1);
    await port.until(() => port.supervisor.stats.sendFailures === 1);
    port.supervisor.send(Buffer.from('to nobody'));
    await port.until(() => port.supervisor.stats.sendFailures === 2);
    expect(port.supervisor.stats.sent).toBe(0);
    await expect(port.supervisor.write(Buffer.from('x'))).rejects.toThrow('nobody to send to');
  });
});
