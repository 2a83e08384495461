import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildFailingDisk } from '../support/failing-disk.ts';
import type { LedgerProof } from '../support/ledger-view.ts';
import { Mosquitto } from '../support/mosquitto.ts';
import { Site } from '../support/site.ts';

const EVERYTHING = 'open,write,sync,rename,unlink,mkdir';
/** errno(3), and the operations that fail with it. */
const TROUBLES = [
  { name: 'ENOSPC', text: `28 ${EVERYTHING}` },
  { name: 'EROFS', text: `30 ${EVERYTHING}` },
  { name: 'EIO', text: '5 sync' },
];

let disk: ReturnType<typeof buildFailingDisk>;
let broker: Mosquitto;
let site: Site;

beforeAll(() => {
  disk = buildFailingDisk();
});
afterAll(() => disk?.dispose());
beforeEach(async () => {
  broker = await Mosquitto.start();
  site = await Site.make({ brokerUrl: broker.url });
});
afterEach(async () => {
  await site?.dispose();
  await broker?.dispose();
});

const shim = () => ({
  LD_PRELOAD: disk.library,
  FAILING_DISK_FOLDER: site.path('outbox'),
  FAILING_DISK_CONTROL: site.path('disk-trouble'),
  FAILING_DISK_COUNT: site.path('disk-failures'),
});
const failures = () => (existsSync(site.path('disk-failures')) ? statSync(site.path('disk-failures')).size : 0);
const untilMetric = (name: string, value: number) =>
  expect.poll(() => site.metric(name), { timeout: 20_000, interval: 100 }).toBe(value);
const judged = (proofs: readonly LedgerProof[], epoch: string) =>
  proofs.filter((proof) => proof.epoch === epoch && proof.verdict !== null);

describe('a daemon whose disk fails', () => {
  it.each(TROUBLES)(
    'with $name goes on publishing, says so, and heals; the ledger has everything exactly once',
    async ({ name, text }) => {
      const verifier = await site.startVerifier();
      const daemon = await site.startDaemon(shim());
      const [first] = await site.ledger.accepted(2);
      const epoch = first?.epoch ?? '';
      expect([await site.metric('outbox_durable'), failures()]).toEqual([1, 0]);

      writeFileSync(site.path('disk-trouble'), text);
      await untilMetric('outbox_durable', 0);
      const proofs = await site.ledger.until((all) => all.filter((proof) => proof.epoch !== epoch).length >= 4);
      const aside = proofs.find((proof) => proof.epoch !== epoch)?.epoch ?? '';
      const failed = daemon.lines.filter(({ msg }) => msg === 'the disk fails: proofs are held in memory');
      expect(failed).toMatchObject([{ code: 'OUTBOX_UNUSABLE', room: 'outbox' }]);
      expect(String(failed[0]?.['error'])).toContain(name);
      expect(failures()).toBeGreaterThan(0);

      rmSync(site.path('disk-trouble'));
      await daemon.logged('the disk takes proofs again');
      await untilMetric('outbox_durable', 1);
      const then = judged(site.ledger.proofs(), epoch).length;
      await site.ledger.until((all) => judged(all, epoch).length >= then + 3);
      await site.silence();
      await site.spool.empty();
      expect(await daemon.stop()).toBe(0);
      // The next run finds nothing to complain of, and goes on with the chain on the disk.
      const again = await site.startDaemon();
      await again.stop();
      await site.spool.empty();
      expect(again.lines.map(({ msg }) => msg)).not.toContain('the last run did not end in good order');
      expect(await verifier.stop()).toBe(0);

      const all = site.ledger.proofs();
      expect(new Set(all.map((proof) => proof.epoch))).toEqual(new Set([epoch, aside]));
      for (const one of [epoch, aside]) {
        expect(judged(all, one).map(({ seq }) => seq)).toEqual(judged(all, one).map((_, index) => index));
      }
      expect(all.filter(({ verdict }) => verdict !== 'accepted')).toMatchObject([
        { epoch: aside, seq: 0, verdict: 'flagged', reasons: ['restart'] },
      ]);
      // The receiver makes a fix each 200 ms of its own time: none is missing, none came twice.
      const times = site.ledger.fixTimes();
      expect(times.length).toBeGreaterThan(10);
      expect(times.slice(1).map((time, index) => time - (times[index] ?? 0))).toEqual(times.slice(1).map(() => 200));
      expect([...daemon.strayLines, ...again.strayLines]).toEqual([]);
    },
    60_000,
  );
});
