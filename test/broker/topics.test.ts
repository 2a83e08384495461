import { describe, expect, it } from 'vitest';
import { anyDeviceFilter, deviceTopic, parseDeviceTopic, TOPIC_LEAVES } from '../../daemon/broker/index.ts';

const KID = 'k'.repeat(43);

describe('device topics', () => {
  it.each(TOPIC_LEAVES)('a %s topic is taken apart as it was put together', (leaf) => {
    expect(parseDeviceTopic('fieldseal/1', deviceTopic('fieldseal/1', KID, leaf))).toEqual({ kid: KID, leaf });
  });

  it.each([
    ['another prefix', `fieldseal/2/${KID}/proof`],
    ['a prefix that only begins alike', `fieldseal/10/${KID}/proof`],
    ['a kid that is too short', 'fieldseal/1/abc/proof'],
    ['a kid of other characters', `fieldseal/1/${'+'.repeat(43)}/proof`],
    ['an unknown leaf', `fieldseal/1/${KID}/proofs`],
    ['an inherited property for a leaf', `fieldseal/1/${KID}/constructor`],
    ['a level too many', `fieldseal/1/${KID}/proof/x`],
    ['a level too few', `fieldseal/1/${KID}`],
  ])('a topic of %s is none of ours', (_, topic) => {
    expect(parseDeviceTopic('fieldseal/1', topic)).toBeUndefined();
  });

  it('a filter names one leaf of any device', () => {
    expect(anyDeviceFilter('fieldseal/1', 'proof')).toBe('fieldseal/1/+/proof');
  });
});
