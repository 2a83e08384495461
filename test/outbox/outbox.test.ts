import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Outbox, type OutboxOptions } from '../../daemon/outbox/index.ts';
import { keptLog } from '../support/kept-log.ts';
import { NOW, outboxConfig, receiptFor, seal, sealChain } from './support.ts';

const DAEMON = fileURLToPath(new URL('../../daemon', import.meta.url));
const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));
const DAY = 86_400_000;

let root: string;
let directory: string;
const opened: Outbox[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fieldseal-outbox-'));
  directory = join(root, 'outbox');
});
afterEach(async () => {
  for (const outbox of opened.splice(0)) await outbox.close().catch(() => {});
  rmSync(root, { recursive: true, force: true });
});

const create = (options: Partial<OutboxOptions> & { maxBytes?: number; drop?: 'oldest' | 'newest' } = {}) => {
  const { maxBytes = 1e9, drop = 'oldest', ...rest } = options;
  const outbox = new Outbox(outboxConfig({ directory, maxBytes, drop }), { log: keptLog(), now: () => NOW, ...rest });
  opened.push(outbox);
  return outbox;
};
/** A lock that lets everyone in: whoever holds it next is the daemon after a crash. */
const noLock = { take: async () => {}, release: async () => {} };
const open = async (options: Parameters<typeof create>[0] = {}) => {
  const outbox = create(options);
  return { outbox, opening: await outbox.open() };
};
const files = (folder: string) => readdirSync(join(directory, folder)).sort();
const pendingSeqs = (outbox: Outbox) => [...outbox.pending()].map(({ seq }) => seq);

describe('the outbox', () => {
  it('begins empty, without a head and without losses', async () => {
    const { outbox, opening } = await open();
    expect(opening).toEqual({
      head: undefined,
      position: 0,
      chainLost: false,
      unclean: false,
      lastWritten: undefined,
    });
    expect([outbox.size, outbox.bytes, outbox.losses]).toEqual([0, 0, []]);
  });

  it('gives proofs back byte for byte in chain order, also after a restart', async () => {
    const chain = await sealChain(12);
    const { outbox } = await open();
    for (const { message, head } of chain) await outbox.append(message, head);
    await outbox.close();

    const { outbox: again, opening } = await open();
    expect(opening).toMatchObject({ head: chain.at(-1)?.head, unclean: false, chainLost: false, lastWritten: NOW });
    const messages = await Promise.all([...again.pending()].map((entry) => again.read(entry)));
    expect(messages.map((message) => Buffer.from(message!))).toEqual(chain.map(({ message }) => Buffer.from(message)));
    expect(again.bytes).toBe(chain.reduce((sum, { message }) => sum + message.length, 0));
  });

  it.each(['accepted', 'flagged', 'duplicate'] as const)('deletes a proof that is %s', async (verdict) => {
    const [one, two] = await sealChain(2);
    const { outbox } = await open();
    for (const { message, head } of [one!, two!]) await outbox.append(message, head);
    expect(await outbox.settle(receiptFor(one!.head, { verdict }))).toBe('dropped');
    expect(pendingSeqs(outbox)).toEqual([1]);
    expect(files('spool')).toHaveLength(1);
    expect(await outbox.settle(receiptFor(one!.head, { verdict }))).toBe('unknown');
    expect([outbox.size, outbox.bytes, outbox.losses]).toEqual([1, two!.message.length, []]);
  });

  it('moves a rejected proof to quarantine with its reasons, and declares its readings lost', async () => {
    const { message, head } = await seal(undefined, { count: 4 });
    const { outbox } = await open();
    await outbox.append(message, head);
    const receipt = receiptFor(head, { verdict: 'rejected', reasons: ['time-future', 'range'] });
    expect(await outbox.settle(receipt)).toBe('quarantined');
    const [proof, note] = files('quarantine');
    expect(readFileSync(join(directory, 'quarantine', proof!))).toEqual(Buffer.from(message));
    expect(JSON.parse(readFileSync(join(directory, 'quarantine', note!), 'utf8'))).toMatchObject({
      reason: 'rejected',
      seq: 0,
      reasons: ['time-future', 'range'],
    });
    expect(files('spool')).toEqual([]);
    expect(outbox.losses).toEqual([{ reason: 'rejected', count: 4, from: NOW, to: NOW + 3000 }]);
  });

  it('declares again what a rejected proof declared', async () => {
    const loss = { reason: 'source-overflow', count: 7, from: NOW - 10, to: NOW } as const;
    const { message, head } = await seal(undefined, { count: 0, losses: [loss] });
    const { outbox } = await open();
    await outbox.addLoss(loss);
    await outbox.append(message, head, { declared: [loss] });
    expect(outbox.losses).toEqual([]);
    await outbox.settle(receiptFor(head, { verdict: 'rejected' }));
    expect(outbox.losses).toEqual([loss]);
  });

  it('remembers the head of the chain when every proof has its receipt', async () => {
    const chain = await sealChain(3);
    const { outbox } = await open();
    for (const { message, head } of chain) {
      await outbox.append(message, head);
      await outbox.settle(receiptFor(head));
    }
    await outbox.close();
    const { opening } = await open();
    expect(opening.head).toEqual(chain.at(-1)?.head);
  });

  it('refuses a proof that does not continue the chain', async () => {
    const [one, two, three] = await sealChain(3);
    const { outbox } = await open();
    await expect(outbox.append(two!.message, two!.head)).rejects.toThrow(RangeError);
    await outbox.append(one!.message, one!.head);
    await expect(outbox.append(three!.message, three!.head)).rejects.toThrow(RangeError);
    await outbox.append(two!.message, two!.head);
  });

  it('runs operations in the order in which they were asked for', async () => {
    const chain = await sealChain(5);
    const { outbox } = await open();
    const done = chain.flatMap(({ message, head }) => [outbox.append(message, head), outbox.settle(receiptFor(head))]);
    await Promise.all(done);
    expect([outbox.size, outbox.stats.settled]).toEqual([0, 5]);
  });
});

describe('losses', () => {
  it('stay until a stored proof declares them, and add up by reason', async () => {
    const { outbox } = await open();
    await outbox.addLoss({ reason: 'source-overflow', count: 3, from: 100, to: 200 });
    await outbox.addLoss({ reason: 'source-overflow', count: 2, from: 50, to: 150 });
    await outbox.close();
    const { outbox: again } = await open();
    const declared = again.losses;
    expect(declared).toEqual([{ reason: 'source-overflow', count: 5, from: 50, to: 200 }]);
    await again.addLoss({ reason: 'source-overflow', count: 4, from: 300, to: 400 });
    const { message, head } = await seal(undefined, { losses: declared });
    await again.append(message, head, { declared });
    expect(again.losses).toEqual([{ reason: 'source-overflow', count: 4, from: 50, to: 400 }]);
  });

  it('of a full outbox count the readings of its oldest proofs', async () => {
    const chain = await sealChain(12, { count: 5 });
    const size = chain[0]!.message.length;
    const { outbox } = await open({ maxBytes: 10 * size + 100 });
    for (const { message, head } of chain) await outbox.append(message, head);
    expect(pendingSeqs(outbox)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const { epoch } = chain[0]!.head;
    expect(outbox.losses).toEqual([
      { reason: 'outbox-quota', count: 10, from: NOW, to: NOW + 4000, proofs: { epoch, first: 0, last: 1 } },
    ]);
    expect(files('spool')).toHaveLength(10);
  });

  it('of old age count too, by a clock that is set', async () => {
    let now = Date.UTC(1970, 0, 2);
    const chain = await sealChain(4, { count: 2 });
    const { outbox } = await open({ now: () => now });
    await outbox.append(chain[0]!.message, chain[0]!.head);
    now = NOW;
    await outbox.append(chain[1]!.message, chain[1]!.head);
    expect(outbox.size).toBe(2);
    await outbox.settle(receiptFor(chain[0]!.head));
    now = NOW + 29 * DAY;
    await outbox.append(chain[2]!.message, chain[2]!.head);
    expect(outbox.size).toBe(2);
    now = NOW + 31 * DAY;
    await outbox.append(chain[3]!.message, chain[3]!.head);
    expect(pendingSeqs(outbox)).toEqual([2, 3]);
    const proofs = { epoch: chain[0]!.head.epoch, first: 1, last: 1 };
    expect(outbox.losses).toEqual([{ reason: 'outbox-quota', count: 2, from: NOW, to: NOW + 1000, proofs }]);
  });
});

describe('a full outbox that keeps its oldest proofs', () => {
  it('drops the newest, names them, and the chain goes on from them, also after a restart', async () => {
    const chain = await sealChain(7, { count: 5 });
    const room = chain.slice(0, 3).reduce((sum, { message }) => sum + message.length, 100);
    const { outbox } = await open({ maxBytes: room, drop: 'newest' });
    for (const [i, { message, head }] of chain.slice(0, 5).entries()) {
      expect(await outbox.append(message, head, { position: 5 * (i + 1) })).toBe('stored');
    }
    expect(pendingSeqs(outbox)).toEqual([0, 1, 2]);
    const { epoch } = chain[0]!.head;
    const lost = { reason: 'outbox-quota', from: NOW, to: NOW + 4000 };
    expect(outbox.losses).toEqual([{ ...lost, count: 10, proofs: { epoch, first: 3, last: 4 } }]);
    await outbox.close();

    const { outbox: again, opening } = await open({ maxBytes: room, drop: 'newest' });
    expect(opening).toMatchObject({ head: chain[4]!.head, position: 25, chainLost: false });
    await again.settle(receiptFor(chain[0]!.head));
    const declared = again.losses;
    await again.append(chain[5]!.message, chain[5]!.head, { declared });
    expect(pendingSeqs(again)).toEqual([1, 2, 5]);
    expect(again.losses).toEqual([]);
    await again.append(chain[6]!.message, chain[6]!.head);
    expect(again.losses).toEqual([{ ...lost, count: 5, proofs: { epoch, first: 6, last: 6 } }]);
  });

  it('drops what is too old all the same', async () => {
    const chain = await sealChain(2);
    const { outbox: early } = await open({ drop: 'newest' });
    await early.append(chain[0]!.message, chain[0]!.head);
    await early.close();
    const { outbox } = await open({ drop: 'newest', now: () => NOW + 31 * DAY });
    await outbox.append(chain[1]!.message, chain[1]!.head);
    expect(pendingSeqs(outbox)).toEqual([1]);
    expect(outbox.losses).toMatchObject([{ reason: 'outbox-quota', proofs: { first: 0, last: 0 } }]);
  });
});

describe('the quarantine', () => {
  it('has a bound: the oldest go, with their notes', async () => {
    const chain = await sealChain(12, { count: 5 });
    const { outbox } = await open({ maxBytes: 80 * chain[0]!.message.length });
    for (const { message, head } of chain) {
      await outbox.append(message, head);
      await outbox.settle(receiptFor(head, { verdict: 'rejected' }));
    }
    const left = files('quarantine').filter((name) => name.endsWith('.cose'));
    expect(left.map((name) => Number(name.split('-')[7]))).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
    expect(files('quarantine')).toHaveLength(16);
  });
});

describe('positions', () => {
  it('are remembered with the proofs, and when their proofs are gone', async () => {
    const chain = await sealChain(3);
    const { outbox: crashed } = await open({ lock: noLock });
    await crashed.append(chain[0]!.message, chain[0]!.head, { position: 10 });
    await crashed.append(chain[1]!.message, chain[1]!.head, { position: 25 });
    expect(crashed.position).toBe(25);

    const { outbox, opening } = await open({ lock: noLock });
    expect([opening.position, outbox.position]).toEqual([25, 25]);
    for (const { head } of chain.slice(0, 2)) await outbox.settle(receiptFor(head));
    const { outbox: third, opening: again } = await open({ lock: noLock });
    expect(again.position).toBe(25);
    // A proof without readings.
    await third.append(chain[2]!.message, chain[2]!.head);
    expect(third.position).toBe(25);
  });
});

describe('after a run that did not close', () => {
  it('the proofs and the head are there, and the loss is noted once', async () => {
    const chain = await sealChain(3);
    const { outbox: crashed } = await open({ lock: noLock });
    for (const { message, head } of chain) await crashed.append(message, head);
    await crashed.settle(receiptFor(chain[0]!.head));

    const { outbox, opening } = await open({ lock: noLock, now: () => NOW + 5000 });
    expect(opening).toMatchObject({ head: chain[2]!.head, unclean: true, chainLost: false, lastWritten: NOW });
    expect(pendingSeqs(outbox)).toEqual([1, 2]);
    expect(outbox.losses).toEqual([{ reason: 'unclean-shutdown', count: 0, from: NOW, to: NOW + 5000 }]);
  });

  it('unfinished files are cleared away and foreign ones left alone', async () => {
    const { outbox: first } = await open();
    await first.close();
    writeFileSync(join(directory, 'spool', '.unfinished-0123456789ab'), 'half');
    writeFileSync(join(directory, 'spool', 'notes.txt'), 'mine');
    const log = keptLog();
    const { outbox } = await open({ log });
    expect(files('spool')).toEqual(['notes.txt']);
    expect(outbox.size).toBe(0);
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toEqual([
      { files: ['notes.txt'] },
    ]);
  });
});

describe('a state that is lost', () => {
  it.each<[string, () => void]>([
    ['corrupt', () => writeFileSync(join(directory, 'state'), 'garbage')],
    ['empty', () => truncateSync(join(directory, 'state'))],
    [
      'altered by one digit',
      () => {
        const path = join(directory, 'state');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"clean":true', '"clean":null'));
      },
    ],
    ['gone, with proofs left', () => rmSync(join(directory, 'state'))],
  ])('(%s) makes the next proof begin an epoch, whatever the spool holds', async (_, damage) => {
    const chain = await sealChain(2);
    const { outbox: first } = await open();
    for (const { message, head } of chain) await first.append(message, head);
    await first.close();
    damage();

    const { outbox: second, opening } = await open();
    expect(opening).toMatchObject({ head: undefined, chainLost: true });
    expect(second.losses).toMatchObject([{ reason: 'chain-lost', count: 0 }]);
    expect(second.size).toBe(2);
    await second.close();

    // Still so after one more restart: the proofs in the spool may not be the chain's last.
    const { outbox: third, opening: still } = await open();
    expect(still).toMatchObject({ head: undefined, chainLost: true });
    await expect(third.append(chain[1]!.message, chain[1]!.head)).rejects.toThrow(RangeError);
    const fresh = await seal(undefined, { losses: third.losses });
    await third.append(fresh.message, fresh.head, { declared: third.losses });
    await third.close();

    const { outbox: fourth, opening: over } = await open();
    expect(over).toMatchObject({ head: fresh.head, chainLost: false });
    expect([fourth.size, fourth.losses]).toEqual([3, []]);
  });
});

describe('a damaged proof', () => {
  it.each<[string, (path: string) => void]>([
    ['cut short', (path) => truncateSync(path, 100)],
    ['emptied', (path) => truncateSync(path, 0)],
    [
      'changed by one bit',
      (path) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 3]! ^= 1;
        writeFileSync(path, bytes);
      },
    ],
    ['overwritten', (path) => writeFileSync(path, 'x'.repeat(500))],
  ])('(%s) goes to quarantine with one clear line, and its loss is declared', async (_, damage) => {
    const chain = await sealChain(3);
    const { outbox: first } = await open();
    for (const { message, head } of chain) await first.append(message, head);
    await first.close();
    damage(join(directory, 'spool', files('spool')[1]!));

    const log = keptLog();
    const { outbox, opening } = await open({ log });
    expect(opening.head).toEqual(chain[2]!.head);
    const read = [];
    for (const entry of [...outbox.pending()]) read.push(await outbox.read(entry));
    expect(read.map((message) => message?.length)).toEqual([
      chain[0]!.message.length,
      undefined,
      chain[2]!.message.length,
    ]);
    expect(files('quarantine')).toEqual([
      expect.stringMatching(/-0000000001-.*\.cose$/),
      expect.stringMatching(/-0000000001-.*\.json$/),
    ]);
    expect(pendingSeqs(outbox)).toEqual([0, 2]);
    expect(outbox.losses).toMatchObject([{ reason: 'outbox-corrupt' }]);
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.fields).toMatchObject({ code: 'OUTBOX_CORRUPT' });
  });

  it("that was the chain's last still is its head", async () => {
    const [one] = await sealChain(1);
    const { outbox: first } = await open();
    await first.append(one!.message, one!.head);
    truncateSync(join(directory, 'spool', files('spool')[0]!), 3);
    expect(await first.read([...first.pending()][0]!)).toBeUndefined();
    await first.close();
    const { opening } = await open();
    expect(opening.head).toEqual(one!.head);
  });

  it('that somebody deleted is a loss as well', async () => {
    const [one] = await sealChain(1);
    const { outbox } = await open();
    await outbox.append(one!.message, one!.head);
    rmSync(join(directory, 'spool', files('spool')[0]!));
    expect(await outbox.read([...outbox.pending()][0]!)).toBeUndefined();
    const proofs = { epoch: one!.head.epoch, first: 0, last: 0 };
    expect(outbox.losses).toEqual([{ reason: 'outbox-corrupt', count: 0, from: NOW, to: NOW, proofs }]);
  });
});

describe('the lock', () => {
  it('keeps a second outbox out of the folder and names the process', async () => {
    await open();
    await expect(create().open()).rejects.toMatchObject({
      code: 'OUTBOX_LOCKED',
      place: 'outbox.directory',
      message: expect.stringContaining(String(process.pid)),
    });
  });

  it('is free once the outbox is closed', async () => {
    const { outbox } = await open();
    await outbox.close();
    await open();
  });

  it('dies with a process that is killed', async () => {
    mkdirSync(directory);
    const compiled = join(root, 'compiled');
    const options = '--ignoreConfig --module nodenext --target es2023 --types node --rewriteRelativeImportExtensions';
    const sources = [join(DAEMON, 'outbox/lock.ts'), join(DAEMON, 'errors.ts')];
    execFileSync(TSC, [...options.split(' '), '--rootDir', DAEMON, '--outDir', compiled, ...sources], {
      stdio: 'pipe',
    });
    writeFileSync(join(compiled, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(compiled, 'hold.js'),
      `import { FolderLock } from './outbox/lock.js';
       await new FolderLock().take(process.argv[2]);
       console.log('held');
       setInterval(() => {}, 1000);`,
    );
    const holder = spawn(process.execPath, [join(compiled, 'hold.js'), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    await expect(create().open()).rejects.toMatchObject({ code: 'OUTBOX_LOCKED' });
    const exited = once(holder, 'exit');
    holder.kill('SIGKILL');
    await exited;
    await open();
  });
});

describe('a folder that cannot be used', () => {
  it('is a clear error', async () => {
    writeFileSync(directory, 'a file where the folder should be');
    await expect(create().open()).rejects.toMatchObject({ code: 'OUTBOX_UNUSABLE', place: 'outbox.directory' });
  });

  it('that cannot be made is a clear error', async () => {
    directory = '/proc/fieldseal-outbox';
    await expect(create().open()).rejects.toMatchObject({ code: 'OUTBOX_UNUSABLE' });
  });
});
