import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FieldsealError } from '../../daemon/errors.ts';
import { publicKeyFromJson, thumbprint, verifyEnrolment } from '../../daemon/proof/index.ts';
import { admit, exportDevices, type Ledger, listDevices, setDeviceState } from '../../daemon/verifier/index.ts';
import { DeskUnderTest } from './desk-support.ts';
import { Scratch, T0, TestDevice } from './support.ts';

let scratch: Scratch;
let ledger: Ledger;
const device = new TestDevice('ES256', 4);

beforeEach(() => {
  scratch = new Scratch();
  ledger = scratch.ledger();
});
afterEach(() => scratch.remove());

const code = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return error instanceof FieldsealError ? error.code : String(error);
  }
};

describe('admission', () => {
  it('pins what the record says, and exports it for whoever wants to verify', async () => {
    const record = await device.enrolment();
    expect(admit(ledger, record, T0 + 5)).toEqual({ kid: device.id, outcome: 'admitted' });
    const [exported, ...more] = exportDevices(ledger).devices;
    expect(more).toEqual([]);
    expect(exported).toMatchObject({
      kid: device.id,
      algorithm: 'ES256',
      custody: { hardware: true, holder: 'SoftHSM' },
      owner: 'Test owner',
      place: { lat: 52.516275, lon: 13.377704, altMSL: 34 },
      profiles: [{ name: 'gnss/test', digest: '07'.repeat(32) }],
      state: 'active',
      admitted: '2024-06-01T00:00:00.005Z',
    });
    expect(thumbprint(publicKeyFromJson(exported?.publicKey))).toEqual(device.kid);
    expect(verifyEnrolment(Buffer.from(exported?.enrolment ?? '', 'base64')).publicKey).toEqual(
      device.signer.publicKey,
    );
  });

  it('of the same record again changes nothing', async () => {
    const record = await device.enrolment();
    admit(ledger, record, T0);
    const before = exportDevices(ledger);
    expect(admit(ledger, record, T0 + 9)).toEqual({ kid: device.id, outcome: 'unchanged' });
    expect(exportDevices(ledger)).toEqual(before);
  });

  it('of a later record takes its owner, place and profiles, and keeps the day of the first', async () => {
    admit(ledger, await device.enrolment(), T0);
    const { place: _, owner: __, ...rest } = { place: undefined, owner: undefined, created: T0 + 1, profiles: [] };
    const later = await device.enrolment({ ...rest, owner: 'Another', place: { lat: 10_000_000, lon: 0 } });
    expect(admit(ledger, later, T0 + 9).outcome).toBe('updated');
    expect(exportDevices(ledger).devices).toMatchObject([
      { owner: 'Another', place: { lat: 1, lon: 0 }, profiles: [], admitted: new Date(T0).toISOString() },
    ]);
  });

  it.each<[string, () => Promise<Uint8Array>]>([
    ['that is older than the pinned one', () => device.enrolment({ created: T0 - 1, owner: 'Another' })],
    ['as old as the pinned one, but different', () => device.enrolment({ owner: 'Another' })],
    [
      'that says the key is in software now',
      () => device.enrolment({ created: T0 + 1, custody: { hardware: false, holder: 'file' } }),
    ],
  ])('of a record %s is a conflict, and changes nothing', async (_, make) => {
    admit(ledger, await device.enrolment(), T0);
    const before = exportDevices(ledger);
    const record = await make();
    expect(code(() => admit(ledger, record, T0))).toBe('ENROLMENT_CONFLICT');
    expect(exportDevices(ledger)).toEqual(before);
  });

  it('of a suspended device is a conflict, the same record included', async () => {
    const record = await device.enrolment();
    admit(ledger, record, T0);
    setDeviceState(ledger, device.kid, 'suspended');
    expect(code(() => admit(ledger, record, T0))).toBe('ENROLMENT_CONFLICT');
    expect(setDeviceState(ledger, new Uint8Array(32), 'suspended')).toBe(false);
  });

  it.each<[string, (record: Uint8Array) => Uint8Array]>([
    ['cut short', (record) => record.subarray(0, 50)],
    ['empty', () => new Uint8Array(0)],
    ['changed', (record) => record.map((byte, i) => (i === record.length - 3 ? byte ^ 1 : byte))],
    ['no record at all', () => Buffer.from('{"devices":[]}')],
  ])('of a record that is %s is refused', async (_, damage) => {
    const record = damage(await device.enrolment());
    expect(code(() => admit(ledger, record, T0))).toBe('ENROLMENT_INVALID');
    expect(exportDevices(ledger).devices).toEqual([]);
  });
});

describe('the list of devices', () => {
  it('says how their proofs fared', async () => {
    admit(ledger, await device.enrolment(), T0);
    expect(listDevices(ledger).devices).toMatchObject([
      { kid: device.id, proofs: { accepted: 0, flagged: 0, rejected: 0, held: 0, missing: 0 }, refusals: [] },
    ]);
    const desk = new DeskUnderTest(ledger);
    await desk.bring(device, await device.seal());
    await desk.bring(device, { message: new Uint8Array(3) });
    const sealed = await device.sealMany(2);
    if (sealed[1] !== undefined) await desk.bring(device, sealed[1]);
    expect(listDevices(ledger).devices).toMatchObject([
      {
        epoch: '04'.repeat(16),
        lastSeq: 2,
        lastSeen: new Date(desk.now).toISOString(),
        proofs: { accepted: 1, flagged: 0, rejected: 0, held: 1, missing: 0 },
        refusals: [{ reason: 'parse', count: 1 }],
      },
    ]);
  });
});
