import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Outbox } from '../../daemon/outbox/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { NOW, outboxConfig, receiptFor, seal } from './support.ts';

let mount: string;

function mountSmall(): boolean {
  mount = mkdtempSync(join(tmpdir(), 'fieldseal-tmpfs-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', mount], { stdio: 'pipe' });
    return true;
  } catch {
    rmSync(mount, { recursive: true, force: true });
    return false;
  }
}
const unmount = () => {
  execFileSync('umount', ['-l', mount], { stdio: 'pipe' });
  rmSync(mount, { recursive: true, force: true });
};
const mayMount = mountSmall();
if (mayMount) unmount();

const remount = (mode: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${mode}`, mount], { stdio: 'pipe' });
const fill = () => {
  try {
    writeFileSync(join(mount, 'filler'), new Uint8Array(1_000_000));
  } catch {
    // It is full now.
  }
};
const empty = () => rmSync(join(mount, 'filler'));

/** Breaks and mends a disk for real. */
const TROUBLES = [
  { code: 'ENOSPC', name: 'is full', start: fill, stop: empty },
  { code: 'EROFS', name: 'is read-only', start: () => remount('ro'), stop: () => remount('rw') },
] as const;

const opened: Outbox[] = [];
const open = async () => {
  const log = keptLog();
  const outbox = new Outbox(outboxConfig({ directory: join(mount, 'outbox') }), { log, now: () => NOW });
  opened.push(outbox);
  return { outbox, log, opening: await outbox.open() };
};
const append = async (outbox: Outbox, position: number) => {
  const declared = outbox.losses;
  const { message, head } = await seal(outbox.chain(), { losses: declared, t: NOW + position });
  return { message, head, appended: await outbox.append(message, head, { declared, position }) };
};
const stored = () => readdirSync(join(mount, 'outbox', 'spool')).filter((name) => name.endsWith('.cose'));

describe.skipIf(!mayMount)(`a real tmpfs${mayMount ? '' : ' (skipped: mounting is not permitted here)'}`, () => {
  beforeEach(() => {
    mountSmall();
  });
  afterEach(async () => {
    for (const outbox of opened.splice(0)) await outbox.close().catch(() => {});
    unmount();
  });

  it.each(TROUBLES)('that $name leaves proofs in memory, and gets them when it is well again', async (trouble) => {
    const { outbox, log } = await open();
    const before = await append(outbox, 10);
    expect(before.appended).toBe('stored');
    trouble.start();
    expect((await append(outbox, 20)).appended).toBe('again');
    const held = await append(outbox, 20);
    expect(held.appended).toBe('held');
    expect(held.head.epoch).not.toEqual(before.head.epoch);
    await outbox.addLoss({ reason: 'source-overflow', count: 3, from: 1, to: 2 });
    expect(outbox.health).toMatchObject({ durable: false, held: 1, trouble: expect.stringContaining(trouble.code) });
    expect(await outbox.mend()).toBe(false);
    const [first, second] = [...outbox.pending()];
    expect([await outbox.read(first!), await outbox.read(second!)]).toEqual([
      Buffer.from(before.message),
      held.message,
    ]);
    // A receipt counts, though the file cannot go yet.
    expect(await outbox.settle(receiptFor(before.head))).toBe('dropped');
    expect([outbox.size, stored().length, outbox.position]).toEqual([1, 1, 10]);

    trouble.stop();
    expect(await outbox.mend()).toBe(true);
    expect(outbox.health).toEqual({ durable: true, trouble: undefined, held: 0 });
    expect([outbox.size, stored().length, outbox.position]).toEqual([1, 1, 20]);
    // The chain on the disk goes on from its own head.
    const after = await append(outbox, 30);
    expect(after).toMatchObject({ appended: 'stored', head: { epoch: before.head.epoch, seq: 1 } });
    await outbox.close();
    const { outbox: again, opening } = await open();
    expect(opening).toMatchObject({ unclean: false, head: after.head, position: 30 });
    expect([...again.pending()].map(({ digest }) => digest)).toEqual(
      [held, after].map(({ head }) => Buffer.from(head.digest).toString('hex')),
    );
    expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(log.lines.map(({ phrase }) => phrase)).toContain('the disk takes proofs again');
  });

  it.each(TROUBLES)('that $name at the start is opened all the same, and mends while it runs', async (trouble) => {
    const { outbox: first } = await open();
    const before = await append(first, 10);
    await first.close();
    trouble.start();
    const { outbox, opening } = await open();
    expect(opening).toMatchObject({ head: before.head, position: 10 });
    expect(outbox.health.durable).toBe(false);
    expect(await outbox.read([...outbox.pending()][0]!)).toEqual(Buffer.from(before.message));
    expect((await append(outbox, 20)).appended).toBe('held');
    const stop = new AbortController();
    const running = outbox.run(stop.signal);
    trouble.stop();
    while (!outbox.health.durable) await new Promise((resolve) => outbox.once('changed', () => resolve(undefined)));
    expect(outbox.size).toBe(2);
    expect(await append(outbox, 30)).toMatchObject({ appended: 'stored', head: { epoch: before.head.epoch, seq: 1 } });
    stop.abort();
    await running;
  });
});
