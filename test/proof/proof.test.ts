import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  draftProof,
  MAX_MESSAGE,
  MAX_READINGS,
  openReadings,
  parseProof,
  verifyProof,
} from '../../daemon/proof/index.ts';
import {
  type FieldSpec,
  type FieldValue,
  KIND_NAMES,
  type KindName,
  kindSpec,
  type Reading,
} from '../../daemon/readings/index.ts';
import { testSigner } from './keys.ts';
import { fixes, inputFor, LOSSES, mixture, noise, SOURCES, seal } from './samples.ts';

const signer = testSigner('ES256K', 0x41);

function anyValue(spec: FieldSpec): fc.Arbitrary<FieldValue> {
  if (spec.type === 'int') {
    return fc.oneof(fc.integer({ min: spec.min, max: spec.max }), fc.constantFrom(spec.min, spec.max));
  }
  return spec.type === 'text' ? fc.string({ unit: 'binary' }) : fc.uint8Array({ maxLength: 60 });
}

function anyReading(kind: KindName): fc.Arbitrary<Reading> {
  const fields: Record<string, fc.Arbitrary<FieldValue>> = {};
  for (const [name, spec] of Object.entries(kindSpec(kind).fields)) fields[name] = anyValue(spec);
  return fc
    .tuple(
      fc.constantFrom(...SOURCES.map(({ source }) => source)),
      fc.integer({ min: 0, max: 253_402_300_799_999 }),
      fc.record(fields, { requiredKeys: [] }),
    )
    .map(([source, t, values]) => ({ kind, source, t, fields: values }) as Reading);
}

const anyReadings = fc.array(fc.oneof(...KIND_NAMES.map(anyReading)), { maxLength: 60 });

async function back(readings: readonly Reading[]): Promise<Reading[]> {
  const { message } = await seal(signer, { readings });
  return verifyProof(message, signer.publicKey).readings;
}

describe('a sealed batch', () => {
  it('gives back its readings, whatever they are, in their order', async () => {
    await fc.assert(
      fc.asyncProperty(anyReadings, async (readings) => {
        expect(await back(readings)).toEqual(readings);
      }),
    );
  });

  it.each<[string, Reading[]]>([
    ['a moving receiver of 600 fixes', fixes(600)],
    ['every kind, with absent fields and extremes', mixture()],
    [
      'a track that goes round north',
      fixes(200).map((fix, i) => turned(fix, (36_000_000 + 9_000 * (i % 7) - 20_000) % 36_000_000)),
    ],
    ['a track of 360 degrees sharp', fixes(40).map((fix, i) => turned(fix, i % 2 === 0 ? 36_000_000 : 0))],
    ['a gateway clock that jumps back', [...fixes(30, 1, 2e12), ...fixes(30, 2, 1e12)]],
    [
      'fields that come and go',
      fixes(100).map((fix, i) => without(fix, i % 3 === 0 ? 'lat' : i % 7 === 0 ? 'speed' : 'none')),
    ],
    ['numbers that rise to 2^53', Array.from({ length: 40 }, (_, i) => health(2 ** 53 - 1 - (39 - i) * 2 ** 47))],
    ['numbers near 2^53', Array.from({ length: 40 }, (_, i) => health(i % 2 === 0 ? Number.MAX_SAFE_INTEGER : 0))],
  ])('gives back %s', async (_, readings) => {
    expect(await back(readings)).toEqual(readings);
  });

  it('says the same of a proof before and after it crossed the wire', async () => {
    const nonce = new Uint8Array(16).fill(9);
    const previous = { epoch: new Uint8Array(16).fill(3), seq: 41, digest: new Uint8Array(32).fill(8) };
    const input = inputFor(signer, { readings: mixture(), losses: LOSSES, nonce, previous });
    const draft = draftProof(input);
    const { proof } = verifyProof(draft.finish(await signer.sign(draft.digest)), signer.publicKey);
    expect(proof.digest).toEqual(draft.digest);
    expect(draft.head).toEqual({ epoch: previous.epoch, seq: 42, digest: draft.digest });
    expect(proof.payload).toMatchObject({
      epoch: previous.epoch,
      seq: 42,
      prev: previous.digest,
      size: mixture().length,
      first: mixture()[0]?.t,
      last: mixture().at(-1)?.t,
      clock: input.clock,
      nonce,
      losses: LOSSES,
      sources: SOURCES,
      software: input.software,
    });
  });

  it('makes the same bytes of the same input', async () => {
    const [one, other] = [await seal(signer, { readings: mixture() }), await seal(signer, { readings: mixture() })];
    expect(one.message).toEqual(other.message);
  });

  it('takes a fresh secret for each batch, so that equal readings have different roots', () => {
    const { secret: _, ...input } = inputFor(signer, { readings: fixes(2) });
    expect(draftProof(input).digest).not.toEqual(draftProof(input).digest);
  });

  it('lists the sources that its readings come from alone', async () => {
    const { message } = await seal(signer, { readings: fixes(2) });
    expect(parseProof(message).payload.sources.map(({ source }) => source)).toEqual(['gnss0']);
  });

  it('without readings is a heartbeat: times of its making, no block', async () => {
    const { message } = await seal(signer, { losses: LOSSES });
    const { proof, readings } = verifyProof(message, signer.publicKey);
    expect(readings).toEqual([]);
    expect(proof.block).toHaveLength(0);
    expect(proof.payload).toMatchObject({
      size: 0,
      first: inputFor(signer).now,
      last: inputFor(signer).now,
      sources: [],
    });
    expect(message.length).toBeLessThan(420);
  });

  it('does not alias the message it was taken from', async () => {
    const { message } = await seal(signer, { readings: mixture() });
    const proof = parseProof(message);
    message.fill(0);
    expect(openReadings(proof)).toEqual(mixture());
  });

  it('is refused at sealing when it does not fit a message', () => {
    const random = noise(3);
    const wild = Array.from({ length: 9_000 }, (_, i): Reading => {
      const value = (): number => random.next().value * 50_000 - 1_600_000_000;
      return {
        kind: 'imu.sample',
        source: 'gnss0',
        t: i,
        fields: { accX: value(), accY: value(), accZ: value(), gyroX: value() },
      };
    });
    expect(() => draftProof(inputFor(signer, { readings: wild }))).toThrowError(
      expect.objectContaining({ reason: 'size' }),
    );
    const many = Array.from(
      { length: MAX_READINGS + 1 },
      (_, t): Reading => ({ kind: 'imu.sample', source: 'host', t, fields: {} }),
    );
    expect(() => draftProof(inputFor(signer, { readings: many }))).toThrowError(
      expect.objectContaining({ reason: 'size' }),
    );
    expect(() => parseProof(new Uint8Array(MAX_MESSAGE + 1))).toThrowError(expect.objectContaining({ reason: 'size' }));
  });

  it.each([-1, 0.5, Number.NaN, 253_402_300_800_000])('is not made of a reading of the time %d', (t) => {
    expect(() => draftProof(inputFor(signer, { readings: fixes(1).map((fix) => ({ ...fix, t })) }))).toThrow(
      RangeError,
    );
  });

  it('is not made of a reading of a source that is not listed', () => {
    expect(() => draftProof(inputFor(signer, { readings: fixes(1), sources: [] }))).toThrow(RangeError);
  });

  it('takes a fix in 8 bytes at most, signature and all, in 60 s of 10 Hz', async () => {
    const { message } = await seal(signer, { readings: fixes(600), nonce: new Uint8Array(16) });
    expect(message.length / 600).toBeLessThan(8);
  });
});

const turned = (fix: Reading, track: number): Reading => ({ ...fix, fields: { ...fix.fields, track } }) as Reading;

function without(fix: Reading, name: string): Reading {
  const fields = Object.fromEntries(Object.entries(fix.fields).filter(([field]) => field !== name));
  return { ...fix, fields } as Reading;
}

const health = (memoryTotal: number): Reading => ({
  kind: 'host.health',
  source: 'host',
  t: 5,
  fields: { uptime: 0, memoryTotal },
});
