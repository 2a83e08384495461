import { createHash } from 'node:crypto';
import type { Fields } from '../../readings/index.ts';
import type { SettingSpec } from '../protocol.ts';

/** What a reading keeps of a packet. */
export type PayloadRule = 'keep' | 'hash' | 'none';

export const payloadSetting = (rule: PayloadRule): SettingSpec => ({
  type: 'choice',
  values: ['keep', 'hash', 'none'],
  default: rule,
  about: 'What is sealed of a packet: its bytes, their SHA-256, or nothing but the size',
});

export function payloadRule(value: unknown): PayloadRule {
  return value === 'hash' || value === 'none' ? value : 'keep';
}

/** A packet of 255 bytes at most, as far as the rule lets it into a reading. */
export function payloadFields(
  packet: Uint8Array,
  rule: PayloadRule,
): Pick<Fields<'lora.uplink'>, 'payload' | 'payloadHash' | 'size'> {
  const size = packet.length;
  switch (rule) {
    case 'keep':
      return { payload: packet, size };
    case 'hash':
      return { payloadHash: createHash('sha256').update(packet).digest(), size };
    case 'none':
      return { size };
  }
}
