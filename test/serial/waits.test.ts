import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ByteBudget } from '../../daemon/serial/byte-budget.ts';
import { nodeChange, nodeMark } from '../../daemon/serial/node-watch.ts';

describe('a byte budget', () => {
  it('grants a second at once and then what time brings', () => {
    const budget = new ByteBudget(1_000);
    expect(budget.take(700, 0)).toBe(700);
    expect(budget.take(700, 0)).toBe(300);
    expect(budget.take(700, 100)).toBe(100);
    expect(budget.take(5_000, 60_000)).toBe(1_000);
  });
});

describe('the watch on a device node', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fieldseal-node-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const watchNode = async (path: string) => {
    const stop = new AbortController();
    let over = false;
    const mark = await nodeMark(path);
    const done = nodeChange(path, mark, stop.signal).then(() => {
      over = true;
    });
    return { stop, done, isOver: () => over };
  };

  it('ends when the node appears', async () => {
    const { done } = await watchNode(join(folder, 'tty'));
    writeFileSync(join(folder, 'tty'), '');
    await done;
  });

  it('ends when the node appears in folders that do not exist yet', async () => {
    const path = join(folder, 'serial', 'by-id', 'tty');
    const { done } = await watchNode(path);
    mkdirSync(join(folder, 'serial'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    mkdirSync(join(folder, 'serial', 'by-id'));
    writeFileSync(path, '');
    await done;
  });

  it('ends when access to the node is granted, but not when others write to it', async () => {
    const path = join(folder, 'tty');
    writeFileSync(path, '', { mode: 0o600 });
    const { done, isOver } = await watchNode(path);
    for (let count = 0; count < 5; count++) {
      writeFileSync(path, 'bytes');
      utimesSync(path, count, count);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(isOver()).toBe(false);
    chmodSync(path, 0o660);
    await done;
  });

  it('ends when it is told to', async () => {
    const { stop, done } = await watchNode(join(folder, 'tty'));
    stop.abort();
    await done;
  });
});
