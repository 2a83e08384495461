import type { RecordRow } from '../../../readings/index.ts';
import type { Epoch } from '../epoch.ts';
import type { UbxPayload } from './payload.ts';

const RF_HEADER = 4;
const RF_BLOCK = 24;

/** Payload of MON-HW up to generation 7, whose table of virtual pins is eight entries longer. */
const LONG_HW = 68;

/** MON-RF (0x0A 0x38): one block for each RF path. */
export function rf(payload: UbxPayload, epoch: Epoch): void {
  const rows: RecordRow[] = [];
  for (let at = RF_HEADER, left = payload.u1(1); left > 0 && at + RF_BLOCK <= payload.length; at += RF_BLOCK, left--) {
    const jamming = payload.u1(at + 1) & 0x03;
    rows.push({
      block: payload.u1(at),
      jamming,
      antenna: antenna(payload.u1(at + 2)),
      power: power(payload.u1(at + 3)),
      noise: payload.u2(at + 12),
      agc: gain(payload.u2(at + 14)),
      cw: payload.u1(at + 16),
    });
  }
  epoch.radio(rows);
  for (const row of rows) epoch.jamming(row['jamming'] ?? 0);
}

/** MON-HW (0x0A 0x09), 60 bytes, or 68 up to generation 7: the one RF path of a single-band receiver. */
export function hw(payload: UbxPayload, epoch: Epoch): void {
  const jamming = (payload.u1(22) >> 2) & 0x03;
  epoch.radio([
    {
      block: 0,
      jamming,
      antenna: antenna(payload.u1(20)),
      power: power(payload.u1(21)),
      noise: payload.u2(16),
      agc: gain(payload.u2(18)),
      cw: payload.u1(payload.length === LONG_HW ? 53 : 45),
    },
  ]);
  epoch.jamming(jamming);
}

/**
 * SEC-SIG (0x27 0x09). Version 1 keeps jamming and spoofing in a byte each, versions 2 and 3 in one (u-blox M10 and X20
 * interface descriptions). A state counts only where its detection is enabled.
 */
export function sig(payload: UbxPayload, epoch: Epoch): void {
  const first = payload.u1(0) === 1;
  if (first && payload.length < 12) return;
  const jamming = first ? payload.u1(4) : payload.u1(1);
  const spoofing = first ? payload.u1(8) : payload.u1(1) >> 3;
  epoch.touch();
  if ((jamming & 0x01) !== 0) epoch.jamming((jamming >> 1) & 0x03);
  const state = (spoofing >> 1) & 0x07;
  if ((spoofing & 0x01) !== 0 && state <= 3) epoch.spoofing(state);
}

/** aStatus and aPower beyond what the interface descriptions name are "unknown". */
const antenna = (value: number): number => (value <= 4 ? value : 1);
const power = (value: number): number => Math.min(value, 2);
const gain = (value: number): number => Math.min(value, 8_191);
