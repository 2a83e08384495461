import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseProof, publicKeyFromJson, verifyReceipt } from '../../daemon/proof/index.ts';
import { LedgerView } from '../support/ledger-view.ts';
import { builtProgram, type Finished, jsonLines, runCommand, runProgram } from '../support/program.ts';
import { verifyInPython } from '../support/site.ts';

const PROOFS = 3;
const SCRIPT = '/usr/bin/script';
const COLUMNS = 92;
const ESC = String.fromCharCode(27);
const CURSOR_UP = new RegExp(`${ESC}\\[(\\d+)A`, 'g');
const CONTROL = new RegExp(`${ESC}\\[\\d*[A-Z]`, 'g');

const scratch = mkdtempSync(join(tmpdir(), 'fieldseal-demo-test-'));
const kept = join(scratch, 'kept');
const at = (...names: string[]) => join(kept, ...names);
const filesIn = (folder: string) => readdirSync(at(folder)).sort();
const json = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the demo, as JSON lines, with all that it makes kept', () => {
  let demo: Finished;
  let events: Record<string, unknown>[];

  beforeAll(async () => {
    demo = await runProgram(['demo', '--proofs', String(PROOFS), '--json', '--keep', kept]);
    events = jsonLines(demo.stdout);
  });

  it('ends by itself with 0, and every line of it is JSON', () => {
    expect(demo).toMatchObject({ code: 0, stderr: '' });
    expect(events[0]).toMatchObject({ event: 'started', folder: kept });
    expect(events.at(-1)).toMatchObject({
      ...{ event: 'summary', accepted: PROOFS, flagged: 0, rejected: 0, sealed: PROOFS, waiting: 0, kept },
    });
  });

  it('tells of each proof sealed, published, and accepted by a receipt that clears it from the outbox', () => {
    const digests = (event: string) => events.filter((one) => one['event'] === event).map(({ digest }) => digest);
    expect(digests('sealed')).toHaveLength(PROOFS);
    expect(new Set(digests('published'))).toEqual(new Set(digests('sealed')));
    expect(digests('receipt')).toEqual(digests('sealed'));
    for (const one of events.filter(({ event }) => event === 'receipt')) {
      expect(one).toMatchObject({ verdict: 'accepted', reasons: [], outcome: 'dropped' });
    }
  });

  it('leaves behind proofs, receipts, devices, configurations and ledger, and an empty outbox', () => {
    const names = Array.from({ length: PROOFS }, (_, index) => `${String(index).padStart(6, '0')}.cose`);
    expect(filesIn('proofs')).toEqual(names);
    expect(filesIn('receipts')).toEqual(names);
    expect(filesIn('outbox/spool')).toEqual([]);
    expect(json('devices.json').devices).toHaveLength(1);
    for (const name of ['enrolment.cose', 'verifier.json', 'fieldseal.yaml', 'verifier.yaml', 'ledger.sqlite']) {
      expect(existsSync(at(name)), name).toBe(true);
    }
    const stored = new LedgerView(at('ledger.sqlite')).proofs();
    expect(stored.map(({ verdict }) => verdict)).toEqual(Array(PROOFS).fill('accepted'));
    expect(stored.map(({ message }) => Buffer.from(message))).toEqual(
      names.map((name) => readFileSync(at('proofs', name))),
    );
  });

  it('both kept configurations are good ones', async () => {
    expect(await runProgram(['config', 'check', at('fieldseal.yaml')])).toMatchObject({ code: 0, stderr: '' });
    expect(await runProgram(['config', 'check', '--verifier', at('verifier.yaml')])).toMatchObject({ code: 0 });
  });

  it('the kept proofs are verified by `fieldseal verify`, and in Python without any of our code', async () => {
    const files = filesIn('proofs').map((name) => at('proofs', name));
    const ours = await runProgram(['verify', '--devices', at('devices.json'), ...files]);
    expect(ours.code).toBe(0);
    expect(jsonLines(ours.stdout).map(({ seq, ok, reasons }) => ({ seq, ok, reasons }))).toEqual(
      files.map((_, seq) => ({ seq, ok: true, reasons: [] })),
    );
    const python = await verifyInPython(at('devices.json'), files);
    expect(python).toMatchObject({ code: 0, stderr: '' });
    expect(python.verdicts).toHaveLength(PROOFS);
  });

  it("each kept receipt is the verifier's own and accepts its proof", () => {
    const key = publicKeyFromJson(json('verifier.json'));
    const receipts = filesIn('receipts').map((name) => verifyReceipt(readFileSync(at('receipts', name)), key));
    const proofs = filesIn('proofs').map((name) => parseProof(readFileSync(at('proofs', name))));
    const named = (digest: Uint8Array) => Buffer.from(digest).toString('hex');
    expect(receipts.map(({ verdict }) => verdict)).toEqual(Array(PROOFS).fill('accepted'));
    expect(receipts.map(({ digest }) => named(digest))).toEqual(proofs.map(({ digest }) => named(digest)));
  });

  it('a second demo with the same folder is refused in one line, and what is in it stays', async () => {
    const before = filesIn('proofs');
    const { code, stdout, stderr } = await runProgram(['demo', '--proofs', '1', '--json', '--keep', kept]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(/^FILE_NOT_WRITABLE --keep .*earlier demo/)]);
    expect(filesIn('proofs')).toEqual(before);
  });
});

describe.skipIf(!existsSync(SCRIPT))(
  `the demo on a terminal${existsSync(SCRIPT) ? '' : ': skipped, as script(1) is not here'}`,
  () => {
    const onTerminal = (prepare: string) =>
      runCommand(SCRIPT, ['-qec', `${prepare}${process.execPath} ${builtProgram()} demo --proofs 2`, '/dev/null']);

    it.each([
      ['of a known width', `stty cols ${COLUMNS} rows 40; `, COLUMNS],
      ['that does not tell its width', '', 100],
    ])('%s: the table is redrawn in place, and the summary stands below it', async (_, prepare, width) => {
      const { code, stdout } = await onTerminal(prepare);
      expect(code).toBe(0);
      const ups = [...stdout.matchAll(CURSOR_UP)].map(([, lines]) => Number(lines));
      expect(ups.length).toBeGreaterThan(4);
      const last = stdout.slice(stdout.lastIndexOf(`${ESC}[`, stdout.lastIndexOf('Fieldseal demo'))).split('\r\n');
      const drawn = last.map((line) => line.replaceAll(CONTROL, ''));
      const table = drawn.slice(0, drawn.findIndex((line) => line.startsWith('accepted 2 of 2')) + 1);
      expect(table.every((line) => line.length < width)).toBe(true);
      expect(table[2]).toMatch(/^port +state +bytes +frames +noise +readings$/);
      expect(table.find((line) => line.startsWith('#1'))).toMatch(/^#1 +accepted +\d+ +\d+$/);
      const [summary, device] = drawn.filter((line) => line !== '').slice(-2);
      expect(summary).toMatch(/^2 proofs accepted in [\d.]+ s; 2 sealed with \d+ readings; \d+ bytes accepted; 0 wait/);
      expect(device).toMatch(/^device [\w-]{43}$/);
    });
  },
);
