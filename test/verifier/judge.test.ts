import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_MESSAGE } from '../../daemon/proof/index.ts';
import type { Reading } from '../../daemon/readings/index.ts';
import { setDeviceState } from '../../daemon/verifier/enrolment.ts';
import { type Ledger, listDevices } from '../../daemon/verifier/index.ts';
import { DeskUnderTest } from './desk-support.ts';
import { admitted, digestOf, fix, PROFILE, Scratch, type Sealed, T0, TestDevice } from './support.ts';

const ORDER = {
  ES256K: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
} as const;

let scratch: Scratch;
let ledger: Ledger;
let desk: DeskUnderTest;
let device: TestDevice;

beforeEach(async () => {
  scratch = new Scratch();
  ledger = scratch.ledger();
  desk = new DeskUnderTest(ledger);
  device = new TestDevice();
  await admitted(ledger, device);
});
afterEach(() => scratch.remove());

/** Where a message's signature lies: the 64 bytes before the readings block. */
function signatureOf({ message }: Sealed): Uint8Array {
  const at = Buffer.from(message).indexOf(Buffer.from([0x58, 0x40])) + 2;
  if (at < 2) throw new Error('no signature');
  return message.subarray(at, at + 64);
}

function toHighS(sealed: Sealed, algorithm: keyof typeof ORDER): Sealed {
  const s = signatureOf(sealed).subarray(32);
  const high = ORDER[algorithm] - BigInt(`0x${Buffer.from(s).toString('hex')}`);
  s.set(Buffer.from(high.toString(16).padStart(64, '0'), 'hex'));
  return sealed;
}

const flip = (bytes: Uint8Array, at: number): void => {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
};

const wasRefused = (reason: string): number =>
  listDevices(ledger).devices[0]?.refusals.find((refusal) => refusal.reason === reason)?.count ?? 0;

const stored = () => listDevices(ledger).devices[0]?.proofs;
const nothing = { accepted: 0, flagged: 0, rejected: 0, held: 0, missing: 0 };

describe.each(['ES256K', 'ES256'] as const)('a proof of an %s device', (algorithm) => {
  it('is accepted, with its readings in the ledger', async () => {
    const other = new TestDevice(algorithm, 9);
    await admitted(ledger, other);
    expect(await desk.bring(other, await other.seal())).toEqual([[0, 'accepted', []]]);
    expect(await desk.bring(other, await other.seal({ readings: [], sources: [] }))).toEqual([[1, 'accepted', []]]);
  });

  it('with the high one of the two S is rejected', async () => {
    const other = new TestDevice(algorithm, 9);
    await admitted(ledger, other);
    expect(await desk.bring(other, toHighS(await other.seal(), algorithm))).toEqual([[0, 'rejected', ['high-s']]]);
  });
});

describe('what cannot be tied to a proof is counted and left unanswered', () => {
  it.each<[string, (sealed: Sealed) => Uint8Array]>([
    ['size', () => new Uint8Array(MAX_MESSAGE + 1)],
    ['parse', ({ message }) => message.subarray(0, 40)],
    ['parse', () => new Uint8Array(0)],
    ['parse', ({ message }) => Buffer.concat([message, new Uint8Array([0])])],
  ])('%s', async (reason, damage) => {
    expect(await desk.bring(device, { message: damage(await device.seal()) })).toEqual([]);
    expect(wasRefused(reason)).toBe(1);
    expect(stored()).toEqual(nothing);
  });

  it('on a topic of nobody we know', async () => {
    expect(await desk.bring({ kid: digestOf(99) }, { message: new Uint8Array(10) })).toEqual([]);
    expect(listDevices(ledger).strangers).toEqual([]);
  });
});

describe('a device that may yet be welcome is not answered, so that it keeps its proofs', () => {
  it('when it is unknown: it is remembered as knocking, until it is admitted', async () => {
    const stranger = new TestDevice('ES256', 5);
    const sealed = await stranger.seal();
    expect(await desk.bring(stranger, sealed)).toEqual([]);
    expect(listDevices(ledger).strangers).toMatchObject([{ kid: stranger.id, messages: 1 }]);
    await admitted(ledger, stranger);
    expect(listDevices(ledger).strangers).toEqual([]);
    expect(await desk.bring(stranger, sealed)).toEqual([[0, 'accepted', []]]);
  });

  it('when it is suspended: its proofs count again once it is reinstated', async () => {
    const sealed = await device.seal();
    expect(setDeviceState(ledger, device.kid, 'suspended')).toBe(true);
    expect(await desk.bring(device, sealed)).toEqual([]);
    expect(wasRefused('device-suspended')).toBe(1);
    setDeviceState(ledger, device.kid, 'active');
    expect(await desk.bring(device, sealed)).toEqual([[0, 'accepted', []]]);
  });
});

describe('a message on its own topic that will never do is rejected', () => {
  it('for a bad signature, which says nothing against a good copy', async () => {
    const sealed = await device.seal();
    const bad = { ...sealed, message: new Uint8Array(sealed.message) };
    flip(signatureOf(bad), 5);
    expect(await desk.bring(device, bad)).toEqual([[0, 'rejected', ['signature']]]);
    expect(wasRefused('signature')).toBe(1);
    expect(stored()).toEqual(nothing);
    expect(await desk.bring(device, sealed)).toEqual([[0, 'accepted', []]]);
  });

  it('for an algorithm that is not its pinned key’s', async () => {
    const forger = new TestDevice('ES256', 3);
    const sealed = await forger.seal();
    sealed.message.set(device.kid, Buffer.from(sealed.message).indexOf(forger.kid));
    expect(await desk.bring(device, sealed)).toEqual([[0, 'rejected', ['algorithm']]]);
  });

  it('for a readings block that was changed: the chain goes on, and a sound copy is still taken', async () => {
    const [first, second] = [await device.seal(), await device.seal()];
    const bad = new Uint8Array(first.message);
    flip(bad, bad.length - 20);
    expect(await desk.bring(device, { message: bad })).toEqual([[0, 'rejected', ['block']]]);
    expect(await desk.bring(device, { message: bad })).toEqual([[0, 'rejected', ['block']]]);
    expect(await desk.bring(device, second)).toEqual([[1, 'accepted', []]]);
    expect(await desk.bring(device, first)).toEqual([[0, 'accepted', []]]);
    expect(stored()).toEqual({ ...nothing, accepted: 2 });
  });

  it('for the readings of another proof', async () => {
    const [first, second] = await device.sealMany(2);
    const blockAt = ({ message }: Sealed) => Buffer.from(message).indexOf(Buffer.from([0x58, 0x40])) + 66;
    if (first === undefined || second === undefined) throw new Error('no proofs');
    const swapped = Buffer.concat([
      first.message.subarray(0, blockAt(first)),
      second.message.subarray(blockAt(second)),
    ]);
    expect(await desk.bring(device, { message: swapped })).toEqual([[0, 'rejected', ['root']]]);
  });

  it('but not where the proof is in the ledger already: then there is nothing to reject', async () => {
    const sealed = await device.seal();
    await desk.bring(device, sealed);
    const bad = { ...sealed, message: new Uint8Array(sealed.message) };
    flip(signatureOf(bad), 5);
    expect(await desk.bring(device, bad)).toEqual([]);
    expect(stored()).toEqual({ ...nothing, accepted: 1 });
  });
});

describe("a proof on another device's topic", () => {
  it('is neither taken nor answered: whoever may publish there could reject it for its owner', async () => {
    const other = new TestDevice('ES256', 5);
    await admitted(ledger, other);
    const sealed = await device.seal();
    expect(await desk.bring(other, sealed)).toEqual([]);
    expect(wasRefused('topic')).toBe(1);
    expect(await desk.bring(device, sealed)).toEqual([[0, 'accepted', []]]);
  });
});

const DAY = 86_400_000;
const health = (t: number): Reading => ({ kind: 'host.health', source: 'gnss', t, fields: { uptime: 1 } });
const noClock = { source: 'none', uncertaintyMs: 0, bootId: new Uint8Array(16), sinceBootMs: 5 } as const;
const ntp = { ...noClock, source: 'ntp' } as const;

describe('what is physically odd is flagged, and stored', () => {
  it.each<[reasons: string[], string, () => Parameters<TestDevice['seal']>[0]]>([
    [[], 'at the edge of the future', () => ({ readings: [fix(T0 + 10_000 + 300_000)] })],
    [['time-future'], 'beyond it', () => ({ readings: [fix(T0 + 10_000 + 300_001)] })],
    [[], 'as old as may be', () => ({ readings: [fix(T0 + 10_000 - 90 * DAY)] })],
    [['time-old'], 'older', () => ({ readings: [fix(T0 + 10_000 - 90 * DAY - 1)] })],
    [['time-order'], 'last before first', () => ({ readings: [fix(T0 + 12_000), fix(T0 + 1_000)] })],
    [
      [],
      'sources out of step by a moment',
      () => ({ readings: [fix(T0), fix(T0 - 9_900), fix(T0 + 9_900), fix(T0 + 300)] }),
    ],
    [['time-order'], 'a reading outside the span', () => ({ readings: [fix(T0), fix(T0 + 19_000), fix(T0 + 1)] })],
    [['range'], 'a latitude off the globe', () => ({ readings: [fix(T0, { lat: 900_000_001 })] })],
    [['range'], 'a time past any calendar', () => ({ readings: [fix(T0, { time: Number.MAX_SAFE_INTEGER })] })],
    [[], 'a nonce that we issued', () => ({ nonce: desk.nonces.issue(device.kid, T0 - 1_000).nonce })],
    [['nonce-unknown'], 'a nonce that we did not', () => ({ nonce: new Uint8Array(16).fill(3) })],
    [['nonce-unknown'], "another device's nonce", () => ({ nonce: desk.nonces.issue(digestOf(4), T0).nonce })],
    [
      [],
      'a nonce of an hour ago',
      () => ({ nonce: desk.nonces.issue(device.kid, T0 - 3_600_000 + 200).nonce, clock: ntp }),
    ],
    [
      ['nonce-stale'],
      'a nonce that had expired when it was sealed',
      () => ({ nonce: desk.nonces.issue(device.kid, T0 - 3_600_000 + 199).nonce, clock: ntp }),
    ],
    [
      [],
      'an old nonce by a clock that knows no time',
      () => ({ nonce: desk.nonces.issue(device.kid, T0 - 10 * 3_600_000).nonce, clock: noClock }),
    ],
    [
      ['profile'],
      'a profile that was changed since',
      () => ({ sources: [{ source: 'gnss', profile: PROFILE.name, profileDigest: digestOf(8) }] }),
    ],
    [
      ['profile'],
      'a profile that was not named',
      () => ({ sources: [{ source: 'gnss', profile: 'gnss/other', profileDigest: PROFILE.digest }] }),
    ],
    [
      ['time-future', 'profile', 'range'],
      'several of these',
      () => ({
        readings: [fix(T0 + DAY, { lat: 1e9 }), fix(T0 + DAY, { lon: 2e9 })],
        sources: [{ source: 'gnss', profile: 'gnss/other', profileDigest: PROFILE.digest }],
      }),
    ],
  ])('%j: %s', async (reasons, _, changes) => {
    const verdict = reasons.length === 0 ? 'accepted' : 'flagged';
    expect(await desk.bring(device, await device.seal(changes()))).toEqual([[0, verdict, reasons]]);
    expect(stored()).toEqual({ ...nothing, [verdict]: 1 });
  });

  it('weeks offline leave a nonce good that was good when the proof was sealed', async () => {
    const sealed = await device.seal({ nonce: desk.nonces.issue(device.kid, T0 - 5_000).nonce });
    desk.now = T0 + 40 * DAY;
    expect(await desk.bring(device, sealed)).toEqual([[0, 'accepted', []]]);
  });

  it('a device that was admitted without profiles may use any', async () => {
    const free = new TestDevice('ES256', 6);
    await admitted(ledger, free, { profiles: [] });
    expect(await desk.bring(free, await free.seal())).toEqual([[0, 'accepted', []]]);
  });

  it('fields out of bounds are left out of the stored reading, and the sound ones kept', async () => {
    await desk.bring(device, await device.seal({ readings: [fix(T0, { lat: 900_000_001 }), health(T0 + 1)] }));
    expect(scratch.query('SELECT position, kind, source, t, fields FROM readings ORDER BY position')).toEqual([
      { position: 0, kind: 'gnss.fix', source: 'gnss', t: T0, fields: '{"mode":3,"lon":13.377704}' },
      { position: 1, kind: 'host.health', source: 'gnss', t: T0 + 1, fields: '{"uptime":1}' },
    ]);
  });
});

describe('metrics', () => {
  it('count verdicts, reasons, readings by kind, refusals, strangers and commits', async () => {
    const sealed = await device.seal();
    const bad = { ...sealed, message: new Uint8Array(sealed.message) };
    flip(signatureOf(bad), 5);
    await desk.bring(device, bad);
    await desk.bring(device, sealed);
    await desk.bring(device, sealed);
    await desk.bring(new TestDevice('ES256', 5), await new TestDevice('ES256', 5).seal());
    const text = await desk.metrics.registry.metrics();
    for (const line of [
      'proofs_total{verdict="accepted"} 1',
      'proofs_total{verdict="duplicate"} 1',
      'proofs_total{verdict="rejected"} 1',
      'proof_reasons_total{reason="signature"} 1',
      'refusals_total{reason="signature"} 1',
      'signature_failures_total 1',
      'unknown_device_messages_total 1',
      'readings_total{kind="gnss.fix"} 3',
      'ledger_commits_total 4',
      'ledger_writes_total 4',
      'message_seconds_count 4',
      'broker_connected 1',
      'held_proofs 0',
    ]) {
      expect(text).toContain(`fieldseal_verifier_${line}\n`);
    }
  });
});

describe('whatever comes over the wire', () => {
  it('becomes a finding, never an exception, and leaves the chain as it was', async () => {
    const sealed = await device.sealMany(2);
    const good = sealed[0]?.message ?? new Uint8Array(0);
    const damaged = fc
      .record({ at: fc.nat({ max: good.length - 1 }), xor: fc.integer({ min: 1, max: 255 }), cut: fc.nat({ max: 9 }) })
      .map(({ at, xor, cut }) => {
        const bytes = new Uint8Array(good);
        bytes[at] = (bytes[at] ?? 0) ^ xor;
        return cut === 0 ? bytes.subarray(0, at) : bytes;
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged, fc.uint8Array({ maxLength: 600 })), async (message) => {
        for (const [, verdict] of await desk.bring(device, { message })) expect(verdict).toBe('rejected');
      }),
      { numRuns: 400 },
    );
    const verdicts = [];
    for (const one of sealed) verdicts.push(...(await desk.bring(device, one)));
    expect(verdicts).toEqual([
      [0, 'accepted', []],
      [1, 'accepted', []],
    ]);
  });
});

describe('the log', () => {
  it('tells each thing once for each device, with its repeats at debug', async () => {
    const twin = new TestDevice();
    const stranger = new TestDevice('ES256', 5);
    const [good, other, unknown] = [
      await device.seal(),
      await twin.seal({ readings: [fix(T0 + 5)] }),
      await stranger.seal(),
    ];
    for (const sealed of [good, good, other, other]) await desk.bring(device, sealed);
    for (const sealed of [unknown, unknown]) await desk.bring(stranger, sealed);
    for (const _ of [1, 2]) await desk.bring(device, { message: new Uint8Array(3) });
    expect(desk.log.lines.map(({ level, phrase }) => [level, phrase])).toEqual([
      ['warn', 'device signed two histories'],
      ['debug', 'device signed two histories'],
      ['info', 'a device that is not admitted publishes proofs'],
      ['debug', 'a device that is not admitted publishes proofs'],
      ['warn', 'message refused'],
      ['debug', 'message refused'],
    ]);
    expect(desk.log.lines[0]?.fields).toMatchObject({ device: device.id, reason: 'equivocation', seq: 0 });
  });
});
