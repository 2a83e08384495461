import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FixReading, Underway } from '../../daemon/camera/index.ts';
import { CameraRig, SETTLE_MS, sha256 } from './rig.ts';

let rig: CameraRig;
beforeEach(() => {
  rig = new CameraRig();
});
afterEach(() => rig.remove());

const fixAt = (t: number, lat = 473_769_000): FixReading => ({
  kind: 'gnss.fix',
  source: 'gnss',
  t,
  fields: { mode: 3, time: t - 40, lat, lon: 85_417_000, altMSL: 408_000, speed: 13_900, track: 9_000_000 },
});

describe('a finished file', () => {
  it('is sealed by its hash, with its size, type, time and name, and stays as it is', async () => {
    mkdirSync(rig.path('2026-11-20/front'), { recursive: true });
    rig.write('2026-11-20/front/clip 1.MP4', 'frames');
    const camera = rig.start();
    await rig.sealed(1);
    expect(rig.frames).toMatchObject([
      {
        kind: 'camera.frame',
        source: 'dashcam',
        fields: {
          name: '2026-11-20/front/clip 1.MP4',
          size: 6,
          sha256: sha256('frames'),
          type: 2,
          modified: rig.modified('2026-11-20/front/clip 1.MP4'),
          sequence: 1,
        },
      },
    ]);
    expect(rig.frames[0]?.fields).not.toHaveProperty('lat');
    expect(camera.stats).toMatchObject({ state: 'running', bytes: 6, sealed: { clip: 1 } });
  });

  it('is one that comes while the folder is watched, also in folders that come', async () => {
    await rig.watching();
    rig.write('a.jpg', 'a');
    await rig.sealed(1);
    mkdirSync(rig.path('new/deeper'), { recursive: true });
    rig.write('new/deeper/b.jpg', 'b');
    expect(await rig.sealed(2)).toEqual(['a.jpg', 'new/deeper/b.jpg']);
    rig.write('new/c.jpg', 'c');
    expect(await rig.sealed(3)).toContain('new/c.jpg');
    expect(rig.frames.map(({ fields }) => fields.sequence)).toEqual([1, 2, 3]);
  });

  it('is hashed whole where it is larger than any buffer', async () => {
    const clip = Buffer.alloc(3_000_001, 'moving pictures');
    rig.write('clip.mp4', clip);
    rig.start();
    await rig.sealed(1);
    expect(rig.frames[0]?.fields).toMatchObject({ size: 3_000_001, sha256: sha256(clip) });
  });

  it('is not one that is written again while it is hashed', async () => {
    const clip = openSync(rig.path('clip.mp4'), 'w');
    ftruncateSync(clip, 300_000_000);
    await rig.watching();
    await sleep(SETTLE_MS + 150);
    expect(rig.frames).toEqual([]);
    ftruncateSync(clip, 5);
    writeSync(clip, 'final', 0);
    closeSync(clip);
    await rig.sealed(1);
    expect(rig.frames[0]?.fields).toMatchObject({ size: 5, sha256: sha256('final') });
    expect(rig.losses).toEqual([]);
  });

  it('is not one that is still written, whatever its pauses up to the time that a file settles', async () => {
    await rig.watching({ settle: 400 });
    const clip = openSync(rig.path('clip.mp4'), 'w');
    for (let part = 0; part < 6; part++) {
      writeSync(clip, `part ${part};`);
      await sleep(200);
      expect(rig.frames).toEqual([]);
    }
    closeSync(clip);
    await rig.sealed(1);
    expect(rig.frames[0]?.fields.sha256).toEqual(sha256('part 0;part 1;part 2;part 3;part 4;part 5;'));
  });

  it.each(['clip.mp4.part', '.clip.mp4', 'clip.mp4.tmp', 'notes.txt', 'clip', '.trash/clip.mp4'])(
    'is not %s',
    async (name) => {
      mkdirSync(rig.path('.trash'));
      rig.write(name, 'x');
      rig.start();
      expect(await rig.sealedBefore('last.jpg')).toEqual([]);
    },
  );

  it('is not an empty one before something is in it', async () => {
    await rig.watching();
    rig.write('clip.mp4', '');
    expect(await rig.sealedBefore('marker.jpg')).toEqual([]);
    appendFileSync(rig.path('clip.mp4'), 'now');
    await rig.sealed(2);
    expect(rig.frames[1]?.fields).toMatchObject({ name: 'clip.mp4', sha256: sha256('now') });
    expect(rig.losses).toEqual([]);
  });

  it('is of the configured types alone where there are any', async () => {
    rig.write('a.jpg', 'a');
    rig.write('b.raw', 'b');
    rig.write('c.mp4', 'c');
    rig.start({ types: ['raw', 'jpg'] });
    expect((await rig.sealedBefore('z.jpg')).toSorted()).toEqual(['a.jpg', 'b.raw']);
    expect(rig.frames.find(({ fields }) => fields.name === 'b.raw')?.fields.type).toBe(0);
  });

  it('is never a link, which could lead anywhere', async () => {
    rig.write('../secret.jpg', 'secret');
    symlinkSync('../secret.jpg', rig.path('link.jpg'));
    mkdirSync(rig.path('../elsewhere'));
    rig.write('../elsewhere/far.jpg', 'far');
    symlinkSync('../elsewhere', rig.path('folder'));
    rig.start();
    expect(await rig.sealedBefore('last.jpg')).toEqual([]);
  });

  it('written whole under a temporary name is sealed once it has its own', async () => {
    await rig.watching();
    rig.write('clip.mp4.part', 'clip');
    expect(await rig.sealedBefore('marker.jpg')).toEqual([]);
    renameSync(rig.path('clip.mp4.part'), rig.path('clip.mp4'));
    expect(await rig.sealed(2)).toEqual(['marker.jpg', 'clip.mp4']);
    expect(rig.losses).toEqual([]);
  });
});

describe('the fix of a frame', () => {
  it('is the nearest in time, with its age', async () => {
    rig.write('a.jpg', 'a');
    const at = rig.modified('a.jpg');
    const camera = rig.start();
    camera.observeFix(fixAt(at - 4_000, 1));
    camera.observeFix(fixAt(at - 900, 2));
    camera.observeFix(fixAt(at + 700, 3));
    camera.observeFix(fixAt(at + 2_000, 4));
    await rig.sealed(1);
    expect(rig.frames[0]?.fields).toMatchObject({
      ...{ lat: 3, lon: 85_417_000, altMSL: 408_000, speed: 13_900, track: 9_000_000 },
      ...{ fixTime: at + 660, fixAge: 700 },
    });
  });

  it.each<[string, (at: number) => FixReading]>([
    ['one that is too far off', (at) => fixAt(at - 10_001)],
    ['one without a position', (at) => ({ ...fixAt(at), fields: { mode: 3 } })],
    ['one that the receiver only remembers', (at) => ({ ...fixAt(at), fields: { mode: 1, lat: 1, lon: 1 } })],
  ])('is not %s', async (_, make) => {
    rig.write('a.jpg', 'a');
    rig.start().observeFix(make(rig.modified('a.jpg')));
    await rig.sealed(1);
    expect(Object.keys(rig.frames[0]?.fields ?? {}).filter((name) => /lat|lon|fix/.test(name))).toEqual([]);
  });
});

describe('a sealed file', () => {
  it('that is written again is sealed again', async () => {
    await rig.watching();
    rig.write('a.jpg', 'one');
    await rig.sealed(1);
    rig.write('a.jpg', 'two');
    await rig.sealed(2);
    expect(rig.frames.map(({ fields }) => fields.sha256)).toEqual([sha256('one'), sha256('two')]);
  });

  it('that is renamed, moved or touched in its rights is not sealed again; a second link is', async () => {
    mkdirSync(rig.path('archive'));
    await rig.watching();
    rig.write('a.jpg', 'a');
    await rig.sealed(1);
    renameSync(rig.path('a.jpg'), rig.path('b.jpg'));
    expect(await rig.sealedBefore('m1.jpg')).toEqual(['a.jpg']);
    renameSync(rig.path('b.jpg'), rig.path('archive/b.jpg'));
    expect(await rig.sealedBefore('m2.jpg')).toEqual(['a.jpg', 'm1.jpg']);
    linkSync(rig.path('archive/b.jpg'), rig.path('c.jpg'));
    expect(await rig.sealedBefore('m3.jpg')).toEqual(['a.jpg', 'm1.jpg', 'm2.jpg', 'c.jpg']);
    expect(rig.losses).toEqual([]);
  });

  it('may be deleted without a loss', async () => {
    await rig.watching();
    rig.write('a.jpg', 'a');
    await rig.sealed(1);
    rmSync(rig.path('a.jpg'));
    await rig.sealedBefore('marker.jpg');
    expect(rig.losses).toEqual([]);
  });
});

describe('a file that is not sealed yet', () => {
  it('and goes away is declared lost, one for each', async () => {
    const camera = await rig.watching({ settle: 500 });
    rig.write('a.jpg', 'a');
    rig.write('b.jpg', 'b');
    const from = rig.modified('a.jpg');
    await sleep(250);
    rmSync(rig.path('a.jpg'));
    rmSync(rig.path('b.jpg'));
    await expect.poll(() => rig.losses, { timeout: 5_000 }).toHaveLength(2);
    expect(rig.losses).toMatchObject([
      { reason: 'file-vanished', count: 1, from },
      { reason: 'file-vanished', count: 1 },
    ]);
    expect(camera.stats.vanished).toBe(2);
    expect(rig.frames).toEqual([]);
  });

  it('and is renamed is sealed under its new name, and not lost', async () => {
    mkdirSync(rig.path('done'));
    await rig.watching({ settle: 400 });
    rig.write('a.jpg', 'a');
    await sleep(200);
    renameSync(rig.path('a.jpg'), rig.path('done/b.jpg'));
    expect(await rig.sealed(1)).toEqual(['done/b.jpg']);
    await rig.sealedBefore('marker.jpg');
    expect(rig.frames.map(({ fields }) => fields.name)).toEqual(['done/b.jpg', 'marker.jpg']);
    expect(rig.losses).toEqual([]);
  });

  it('and is replaced by another is declared lost, and the other is sealed', async () => {
    await rig.watching({ settle: 400 });
    rig.write('a.jpg', 'first');
    await sleep(200);
    rig.write('a.tmp', 'second');
    renameSync(rig.path('a.tmp'), rig.path('a.jpg'));
    await rig.sealed(1);
    expect(rig.frames[0]?.fields.sha256).toEqual(sha256('second'));
    await expect.poll(() => rig.losses).toMatchObject([{ reason: 'file-vanished', count: 1 }]);
  });

  it('and goes away with its folder is declared lost', async () => {
    mkdirSync(rig.path('day'));
    await rig.watching({ settle: 500 });
    rig.write('day/a.jpg', 'a');
    await sleep(250);
    rmSync(rig.path('day'), { recursive: true });
    await expect.poll(() => rig.losses, { timeout: 5_000 }).toHaveLength(1);
  });
});

describe('a restart', () => {
  it('seals what came meanwhile, and nothing twice that is in a stored proof', async () => {
    rig.write('a.jpg', 'a');
    rig.write('b.jpg', 'b');
    rig.start();
    await rig.sealed(2);
    await rig.store();
    await rig.stop();
    rig.write('c.jpg', 'c');
    rig.write('b.jpg', 'b again');
    renameSync(rig.path('a.jpg'), rig.path('a1.jpg'));
    rig.start();
    expect((await rig.sealedBefore('z.jpg')).toSorted()).toEqual(['b.jpg', 'c.jpg']);
  });

  it('seals again what was not stored, for a proof that never came to be', async () => {
    rig.write('a.jpg', 'a');
    rig.start();
    await rig.sealed(1);
    await rig.stop();
    rig.start();
    expect(await rig.sealed(1)).toEqual(['a.jpg']);
  });

  it('knows files whose frames the last run has left to be sealed, whatever became of these since', async () => {
    for (const name of ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg']) rig.write(name, name);
    rig.start();
    await rig.sealed(4);
    await rig.stop();
    const frames = structuredClone(rig.frames).toSorted((x, y) => (x.fields.name < y.fields.name ? -1 : 1));
    const [a, b, , d] = frames;
    const underway = new Underway();
    // The journal had not come to take c.
    for (const frame of [a, b, d]) if (frame !== undefined) underway.recover(frame);
    rig.write('d.jpg', 'written again');
    const camera = rig.start({}, underway);
    await camera.stored(a === undefined ? [] : [structuredClone(a)]);
    expect((await rig.sealedBefore('z.jpg')).toSorted()).toEqual(['c.jpg', 'd.jpg']);
    expect(rig.losses).toEqual([]);
    // b is sealed after it was looked at.
    await camera.stored(b === undefined ? [] : [structuredClone(b)]);
    await rig.store();
    await rig.stop();
    rig.start();
    expect(await rig.sealedBefore('zz.jpg')).toEqual([]);
  });

  it('of the camera alone, as at a reload, seals nothing again that is on its way into a proof', async () => {
    const underway = new Underway();
    rig.write('a.jpg', 'a');
    rig.start({}, underway);
    await rig.sealed(1);
    const frames = structuredClone(rig.frames);
    await rig.stop();
    const camera = rig.start({}, underway);
    expect(await rig.sealedBefore('m.jpg')).toEqual([]);
    await camera.stored(frames);
    await rig.stop();
    rig.start();
    expect(await rig.sealedBefore('z.jpg')).toEqual(['m.jpg']);
  });

  it('takes no notice of new inodes, as FAT gives them at each mount', async () => {
    rig.write('a.jpg', 'a');
    utimesSync(rig.path('a.jpg'), 1_700_000_000, 1_700_000_000);
    rig.start();
    await rig.sealed(1);
    await rig.store();
    await rig.stop();
    rig.write('new', 'a');
    renameSync(rig.path('new'), rig.path('a.jpg'));
    utimesSync(rig.path('a.jpg'), 1_700_000_000, 1_700_000_000);
    rig.start();
    expect(await rig.sealedBefore('z.jpg')).toEqual([]);
  });

  it('of 10,000 files seals none again', { timeout: 60_000 }, async () => {
    mkdirSync(rig.path('day'));
    for (let n = 0; n < 10_000; n++) rig.write(`day/${n}.jpg`, `image ${n}`);
    rig.start();
    await expect.poll(() => rig.frames.length, { timeout: 40_000, interval: 100 }).toBe(10_000);
    await rig.store();
    await rig.stop();
    rig.start();
    expect(await rig.sealedBefore('z.jpg')).toEqual([]);
  });
});

describe('a frame within a privacy zone', () => {
  it('is not recorded, then or after a restart, but counted', async () => {
    rig.hides = () => true;
    rig.write('a.jpg', 'a');
    const camera = rig.start();
    await expect.poll(() => rig.withheld).toEqual([rig.modified('a.jpg')]);
    expect(camera.stats.withheld).toBe(1);
    rig.hides = () => false;
    expect(await rig.sealedBefore('b.jpg')).toEqual([]);
    await rig.stop();
    rig.start();
    expect(await rig.sealedBefore('c.jpg')).toEqual(['b.jpg']);
  });

  it('waits until it is known where it was made', async () => {
    rig.hides = () => 'not-known-yet';
    await rig.watching();
    rig.write('a.jpg', 'a');
    await sleep(SETTLE_MS * 4);
    expect([rig.frames, rig.withheld]).toEqual([[], []]);
    rig.hides = () => false;
    expect(await rig.sealed(1)).toEqual(['a.jpg']);
  });

  it('is a clip too of which only the beginning was made there', async () => {
    await rig.watching();
    const before = Date.now();
    rig.write('clip.mp4', 'home;');
    const left = Date.now();
    rig.hides = (from, to) => from <= left && to >= before;
    await sleep(SETTLE_MS / 2);
    appendFileSync(rig.path('clip.mp4'), 'road;');
    await expect.poll(() => rig.withheld).toHaveLength(1);
    expect(await rig.sealedBefore('b.jpg')).toEqual([]);
  });
});

describe('the folder', () => {
  it('may come later', async () => {
    rmSync(rig.folder, { recursive: true });
    const camera = rig.start();
    await expect.poll(() => camera.stats.state).toBe('missing');
    mkdirSync(rig.folder);
    rig.write('a.jpg', 'a');
    expect(await rig.sealed(1)).toEqual(['a.jpg']);
    expect(rig.log.lines.map(({ phrase }) => phrase)).toEqual([
      'camera folder cannot be read; it is tried again',
      'camera folder is watched',
    ]);
  });

  it('may be whatever else: the camera ends when it is told to, in the middle of a file too', async () => {
    rig.write('clip.mp4', Buffer.alloc(50_000_000));
    rig.start({ settle: 100 });
    await sleep(120);
    await rig.stop();
    rig.start();
    expect(await rig.sealed(1)).toEqual(['clip.mp4']);
  });
});
