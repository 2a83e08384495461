import { describe, expect, it } from 'vitest';

interface Check {
  readonly what: string;
  readonly ok: boolean;
}

const BOOKS = new URL('../../scripts/torture/books.mjs', import.meta.url).href;
const { balance } = (await import(BOOKS)) as { balance(facts: object): { checks: Check[]; balances: boolean } };

const ZERO = '0'.repeat(64);
const KILLED_AT = 10_000;
const STOPPED_AT = 20_000;

interface Proof {
  readonly epoch: string;
  readonly seq: number;
  readonly digest: string;
  readonly prev: string;
  readonly verdict: string | null;
  readonly reasons: string;
  readonly losses: readonly object[];
}

const proof = (seq: number, prev: string, losses: readonly object[] = []): Proof => ({
  ...{ epoch: 'e', seq, digest: `d${seq}`, prev, verdict: 'accepted', reasons: '[]', losses },
});
const unclean = { reason: 'unclean-shutdown', count: 0, from: 9_700, to: 10_400 };
const process = {
  startedAt: 5_000,
  said: (phrase: string) => (phrase === 'outbox opened' ? {} : undefined),
  stray: [] as string[],
};
const killed = { process, endedBy: 'SIGKILL', endedAt: KILLED_AT, goneAt: KILLED_AT, code: 'SIGKILL' };
const stopped = { process, endedBy: 'SIGTERM', endedAt: STOPPED_AT, goneAt: STOPPED_AT, code: 0 };
const fix = (time: string) => ({ source: 'nmea', time });

/** A run that was killed at 10 s and lost the fix of 9.8 s, and one that was stopped in good order at 20 s. */
function facts() {
  return {
    ledger: {
      proofs: [proof(0, ZERO), proof(1, 'd0', [unclean])],
      fixes: [fix('8.0'), fix('12.0')],
      ...{ refused: [] as string[], equivocations: 0, readings: 2 },
    },
    lives: [killed, stopped] as object[],
    stored: new Map([
      ['d0', 0],
      ['d1', 0],
    ]),
    wire: { proofs: 2, offences: [] as string[] },
    kills: { broker: 0, verifier: 0 },
    disk: { spells: [] as object[], failures: 0 },
    pace: { worstBetween: () => 0 },
    tokensMended: 0,
    receivers: [
      {
        source: 'nmea',
        fixes: new Map([
          ['8.0', 8_000],
          ['9.8', 9_800],
          ['12.0', 12_000],
        ]),
      },
    ],
    ...{ rounds: 2, seed: 1, seconds: 20, journalMs: 250 },
  };
}

type Facts = ReturnType<typeof facts>;

describe('the books of a torture', () => {
  it('balance where all that is missing went with a kill, declared', () => {
    expect(balance(facts())).toMatchObject({ balances: true, fixes: { said: 3, accepted: 2, missingAtKills: 1 } });
  });

  it.each<[string, (facts: Facts) => void, RegExp]>([
    ['a fix that was on the disk long before the kill', (f) => f.ledger.fixes.shift(), /missing/],
    ['a fix that is missing after a stop in good order', (f) => f.ledger.fixes.pop(), /missing/],
    [
      'a fix that is missing beyond the declared bounds',
      (f) => {
        f.ledger.proofs.splice(1, 1, proof(1, 'd0', [{ ...unclean, from: 9_960 }]));
      },
      /missing/,
    ],
    ['a kill that nobody declared', (f) => f.ledger.proofs.splice(1, 1, proof(1, 'd0')), /kills that no loss record/],
    ['a kill declared that was none', (f) => f.lives.splice(0, 1), /kill that was none/],
    ['another loss', (f) => f.ledger.proofs.push(proof(2, 'd1', [{ reason: 'outbox-quota' }])), /other losses/],
    ['a fix that is there twice', (f) => f.ledger.fixes.push(fix('8.0')), /twice/],
    ['a fix that nobody said', (f) => f.ledger.fixes.push(fix('7.0')), /nobody said/],
    ['a proof that was lost', (f) => f.stored.set('d2', 0), /not in the ledger/],
    [
      'a proof that was flagged',
      (f) => f.ledger.proofs.push({ ...proof(2, 'd1'), verdict: 'flagged' }),
      /not accepted/,
    ],
    ['a proof that is held', (f) => f.ledger.proofs.push({ ...proof(2, 'd1'), verdict: null }), /not accepted/],
    ['a gap', (f) => f.ledger.proofs.push(proof(3, 'd1')), /do not follow/],
    ['a second epoch', (f) => f.ledger.proofs.push({ ...proof(0, ZERO), epoch: 'f' }), /epochs besides/],
    ['two histories', (f) => Object.assign(f.ledger, { equivocations: 1 }), /equivocations/],
    ['a refusal', (f) => f.ledger.refused.push('signature 1'), /refusals/],
    ['other bytes on the wire', (f) => f.wire.offences.push('proof 1 was accepted twice'), /over the wire/],
    ['a stop that failed', (f) => f.lives.push({ ...stopped, code: 70 }), /not with 0/],
    ['a stack trace', (f) => f.lives.push({ ...stopped, process: { ...process, stray: ['Error'] } }), /no log line/],
  ])('do not balance with %s', (_what, change, expected) => {
    const made = facts();
    change(made);
    const { checks, balances } = balance(made);
    expect(balances).toBe(false);
    expect(checks.filter(({ ok }) => !ok)).toContainEqual(
      expect.objectContaining({ what: expect.stringMatching(expected) }),
    );
  });

  it('balance with a failing disk, where a kill leaves open what had gone out, and an epoch says that it began', () => {
    const made = facts();
    made.disk.spells.push({ from: 9_300, to: 10_200 });
    made.ledger.fixes.push(fix('9.8'), fix('9.8'));
    made.ledger.proofs.push({ ...proof(0, ZERO), epoch: 'f', verdict: 'flagged', reasons: '["restart"]' });
    expect(balance(made)).toMatchObject({ balances: true, epochs: 2, fixes: { twiceWithFailingDisk: 1 } });
  });

  it('balance without a journal with a fix that was on its way when the last proof was made', () => {
    const made = facts();
    made.ledger.proofs.splice(1, 1, proof(1, 'd0', [{ ...unclean, from: 9_960 }]));
    made.journalMs = 0;
    expect(balance(made).balances).toBe(true);
  });

  it('balance with a fix that is as old as the machine has kept everybody waiting', () => {
    const made = facts();
    made.receivers[0]?.fixes.set('9.8', 8_100);
    expect(balance(made).balances).toBe(false);
    made.pace.worstBetween = () => 900;
    expect(balance(made).balances).toBe(true);
  });

  it.each<[string, (facts: Facts) => void]>([
    ['a fix that is there twice from long before the disk failed', (f) => f.ledger.fixes.push(fix('8.0'))],
    ['a fix that is there twice from a run that was not killed', (f) => f.ledger.fixes.push(fix('12.0'))],
    [
      'a flagged proof in the midst of an epoch',
      (f) => Object.assign(f.ledger.proofs[1] ?? {}, { verdict: 'flagged' }),
    ],
  ])('do not balance with a failing disk and %s', (_what, change) => {
    const made = facts();
    made.disk.spells.push({ from: 9_300, to: 30_000 });
    change(made);
    expect(balance(made).balances).toBe(false);
  });
});
