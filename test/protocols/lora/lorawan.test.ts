import { describe, expect, it } from 'vitest';
import { readLorawanHeader } from '../../../daemon/protocols/lora/lorawan.ts';
import { bytes } from './support.ts';

const CASES: [name: string, packet: string, header: object | undefined][] = [
  [
    'a join request, EUIs sent least significant byte first',
    '00 dc0000d07ed5b370 1e6fedf57ceeaf00 85cc 587fe913',
    { mType: 0, joinEUI: bytes('70b3d57ed00000dc'), devEUI: bytes('00afee7cf5ed6f1e') },
  ],
  ['a join request of another length', '00 dc0000d07ed5b370 1e6fedf57ceeaf00 85cc 587fe9', undefined],
  ['a join accept, all but its type enciphered', `20 ${'5a'.repeat(16)}`, { mType: 1 }],
  ['a join accept with a channel list', `20 ${'5a'.repeat(32)}`, { mType: 1 }],
  ['a join accept of no such length', `20 ${'5a'.repeat(20)}`, undefined],
  [
    'unconfirmed data with a port and a payload',
    '40 f17dbe49 00 0200 01 954378 762b11ff0d',
    { mType: 2, devAddr: bytes('49be7df1'), fCnt: 2, fPort: 1 },
  ],
  [
    'confirmed data without a port',
    '80 01020304 00 ffff 11223344',
    { mType: 4, devAddr: bytes('04030201'), fCnt: 65_535 },
  ],
  [
    'data with three bytes of options before the port',
    '60 01020304 23 0100 aabbcc 00 99 11223344',
    { mType: 3, devAddr: bytes('04030201'), fCnt: 1, fPort: 0 },
  ],
  ['data whose options do not fit', '40 01020304 0f 0100 aabbcc 11223344', undefined],
  ['data cut short', '40 01020304 00 0100 112233', undefined],
  [
    'a rejoin request of type 0',
    'c0 00 010203 0807060504030201 0500 11223344',
    { mType: 6, devEUI: bytes('0102030405060708') },
  ],
  [
    'a rejoin request of type 1',
    'c0 01 1807060504030201 0807060504030201 0500 11223344',
    { mType: 6, joinEUI: bytes('0102030405060718'), devEUI: bytes('0102030405060708') },
  ],
  ['a rejoin request of no such type', 'c0 07 010203 0807060504030201 0500 11223344', undefined],
  ['a proprietary packet', 'e0 01', { mType: 7 }],
  ['another major version', '41 f17dbe49 00 0200 01 954378 762b11ff0d', undefined],
  ['nothing', '', undefined],
];

describe('the LoRaWAN header of', () => {
  it.each(CASES)('%s', (_, packet, header) => {
    expect(readLorawanHeader(bytes(packet))).toEqual(header);
  });
});
