import { describe, expect, it } from 'vitest';
import { afterwards, device, supervise } from './bench.ts';

describe('a device that is spoken to', () => {
  it('is set up at each opening of its port, and not in between', async () => {
    const heard: string[] = [];
    const wire = device((bytes) => heard.push(Buffer.from(bytes).toString()));
    const port = supervise({ path: wire.path });
    port.opened = () => port.supervisor.send(Buffer.from('set up;'));
    await port.until(() => heard.join('') === 'set up;');
    wire.write(Buffer.from('a\n'));
    await port.untilState('running');
    wire.unplug();
    await port.untilState('unplugged');
    wire.plug();
    await port.untilOpened(2);
    await port.until(() => heard.join('') === 'set up;set up;');
    wire.write(Buffer.from('b\n'));
    await port.untilState('running');
    expect(port.openings).toBe(2);
  });

  it('is set up anew at each baud rate that is tried', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, baudRates: [9_600, 38_400, 115_200], silenceMs: 1_000 });
    const rates: number[] = [];
    port.opened = () => {
      rates.push(port.supervisor.stats.baudRate);
      if (port.supervisor.stats.baudRate === 115_200) wire.write(Buffer.from('sense\n'));
    };
    await port.untilState('running');
    expect(rates).toEqual([9_600, 38_400, 115_200]);
  });

  it('is told the time while its port is open, and only then', async () => {
    const wire = device();
    const port = supervise({ path: wire.path, timing: { tickMs: 5 } });
    const began = Date.now();
    await port.until(() => port.ticks.length >= 3);
    expect(port.ticks.every((t) => t >= began && t <= Date.now())).toBe(true);
    wire.unplug();
    await port.untilState('unplugged');
    const { length } = port.ticks;
    await port.until(() => port.supervisor.stats.refusals.missing > 1);
    expect(port.ticks.length).toBe(length);
  });

  it('gets everything in order, however fast it is sent', async () => {
    let heard = '';
    const wire = device((bytes) => {
      heard += Buffer.from(bytes).toString();
    });
    const port = supervise({ path: wire.path });
    await port.untilOpened(1);
    const texts = Array.from({ length: 60 }, (_, index) => `${index}:${'y'.repeat(500)};`);
    for (const text of texts) port.supervisor.send(Buffer.from(text));
    await port.until(() => heard.length >= texts.join('').length);
    expect(heard).toBe(texts.join(''));
    expect(port.supervisor.stats).toMatchObject({ sent: heard.length, sendFailures: 0 });
  });

  it('that takes nothing costs no more memory than its share: the rest is counted', async () => {
    const wire = device();
    const port = supervise({ path: wire.path });
    await port.untilOpened(1);
    for (let count = 0; count < 100; count++) port.supervisor.send(Buffer.alloc(30_000));
    await port.until(() => port.supervisor.stats.sendFailures >= 98);
    afterwards(() => wire.close());
  });
});
