import { describe, expect, it } from 'vitest';
import { checkRanges } from '../../../daemon/readings/index.ts';
import { avr, beast, decode, type Json, json, withParity } from './wire.ts';

function squitter(hex: string): Json {
  const { observations } = decode(avr(hex));
  const found = observations.filter(({ kind }) => kind === 'adsb.squitter');
  expect(found).toHaveLength(1);
  for (const { kind, fields } of found) expect(checkRanges(kind, fields)).toEqual([]);
  return found.map(json)[0] ?? {};
}

/** Messages and what they say from J. Sun, "The 1090 Megahertz Riddle", second edition, and pyModeS's tests. */
const PUBLISHED: [what: string, hex: string, fields: Json][] = [
  ['an identification', '8D4840D6202CC371C32CE0576098', { typeCode: 4, callsign: 'KLM1023' }],
  ['an identification with its category', '8D406B902015A678D4D220AA4BDA', { callsign: 'EZY85MH' }],
  ['a position', '8D40621D58C382D690C8AC2863A7', { altitude: 11582.4, cprFormat: 0, cprLat: 93000, cprLon: 51372 }],
  ['its other half', '8D40621D58C386435CC412692AD6', { altitude: 11582.4, cprFormat: 1, cprLat: 74158, cprLon: 50194 }],
  ['an altitude of 39,000 ft', '8D40058B58C901375147EFD09357', { altitude: 11887.2, onGround: false }],
  [
    'a velocity over ground',
    '8D485020994409940838175B284F',
    { groundSpeed: 81.9, track: 182.88038, verticalRate: -4.227 },
  ],
  ['an air speed', '8DA05F219B06B6AF189400CBC33F', { airSpeed: 192.917, heading: 243.98438, verticalRate: -11.704 }],
  ['a movement on the ground', '8C4841753A9A153237AEF0F275BE', { groundSpeed: 8.746, track: 92.8125, onGround: true }],
  ['a squawk', '8DA2C1B6E112B600000000760759', { squawk: 6513, emergency: 0 }],
];

describe('a squitter', () => {
  it.each(PUBLISHED)('that says %s', (_what, hex, fields) => {
    expect(squitter(hex)).toMatchObject({ icao: hex.slice(2, 8).toLowerCase(), message: hex.toLowerCase(), ...fields });
  });

  it('of DF18 is read where its control field says that it is laid out alike', () => {
    // 8D4840D6202CC371C32CE0 with other first bytes: DF18 and the control field.
    const body = '4840D6202CC371C32CE0';
    expect(squitter(withParity(`90${body}`))).toMatchObject({ downlinkFormat: 18, capability: 0, callsign: 'KLM1023' });
    expect(squitter(withParity(`92${body}`))).toMatchObject({ capability: 2, callsign: 'KLM1023' });
    expect(squitter(withParity(`94${body}`))).not.toHaveProperty('typeCode');
  });

  it('of DF11 says who it is and whether it flies', () => {
    expect(squitter(withParity('5D484FDE'))).toMatchObject({ downlinkFormat: 11, icao: '484fde', onGround: false });
    expect(squitter(withParity('5C484FDE'))).toMatchObject({ capability: 4, onGround: true });
  });

  it('in answer to an interrogator is believed of a known address only', () => {
    // All-call reply to the interrogator of code 22 ("The 1090 Megahertz Riddle").
    const reply = avr('5D484FDEA248F5');
    expect(decode(reply)).toMatchObject({ observations: [], stats: { messages: { DF11: 1 }, noise: {} } });
    const known = decode(Buffer.concat([avr(withParity('5D484FDE')), reply]));
    expect(known.observations).toHaveLength(2);
  });

  it('carries the counter and the level that the receiver heard it with', () => {
    const hex = '8D4840D6202CC371C32CE0576098';
    const levels = [
      [255, 0],
      [128, -6],
      [1, -48.1],
      [0, undefined],
    ] as const;
    for (const [signal, dBFS] of levels) {
      const [first] = decode(beast(hex, { counter: 0x1a1b1c1d1e1f, signal })).observations.map(json);
      expect(first).toMatchObject({ timestamp: 0x1a1b1c1d1e1f });
      expect(first?.['signal']).toBe(dBFS);
    }
    expect(decode(avr(hex, 12_000_000)).observations.map(json)).toMatchObject([{ timestamp: 12_000_000 }]);
    expect(decode(avr(hex)).observations.map(json)[0]).not.toHaveProperty('signal');
  });

  it('takes the height above the ellipsoid of type codes 20 to 22 for what it is', () => {
    // The published position with its type code changed from 11 to 20, and nothing else.
    const hex = withParity(`8D40621D${(0xa0).toString(16)}C382D690C8AC`);
    expect(squitter(hex)).toMatchObject({ typeCode: 20, altitudeGNSS: 11582.4 });
    expect(squitter(hex)).not.toHaveProperty('altitude');
  });

  it.each([
    // Annex 10, volume IV, appendix to chapter 3: D2 D4 A1 A2 A4 B1 B2 B4 C1 C2 C4 of some heights.
    ['-1000 ft', '00000000010', -1000],
    ['-900 ft', '00000000110', -900],
    ['-800 ft', '00000000100', -800],
    ['-700 ft', '00000001100', -700],
    ['-400 ft', '00000001011', -400],
    ['-200 ft', '00000011001', -200],
    ['0 ft', '00000011010', 0],
    ['100 ft', '00000011110', 100],
  ])('reads Gillham code for %s', (_name, pulses, feet) => {
    const [d2, d4, a1, a2, a4, b1, b2, b4, c1, c2, c4] = [...pulses];
    const code = [c1, a1, c2, a2, c4, a4, b1, '0', b2, d2, b4, d4].join('');
    const position = (0x58c382d690c8acn & ~(0xfffn << 36n)) | (BigInt(`0b${code}`) << 36n);
    const found = squitter(withParity(`8D40621D${position.toString(16)}`));
    expect(Math.round(Number(found['altitude']) / 0.3048)).toBe(feet);
  });

  it('has no altitude where the field is zero or a code that no encoder makes', () => {
    for (const code of [0, 0x40, 0x880, 0xa80]) {
      const position = (0x58c382d690c8acn & ~(0xfffn << 36n)) | (BigInt(code) << 36n);
      expect(squitter(withParity(`8D40621D${position.toString(16)}`))).not.toHaveProperty('altitude');
    }
  });

  it('counts velocities of even subtypes in steps of four knots', () => {
    const message = Buffer.from('8D485020994409940838', 'hex');
    message[4] = 0x9a;
    expect(squitter(withParity(`${message.toString('hex')}17`))).toMatchObject({ groundSpeed: 327.601 });
  });

  it.each([
    [0, undefined],
    [1, 0],
    [2, 0.125],
    [8, 0.875],
    [9, 1],
    [12, 1.75],
    [13, 2],
    [38, 14.5],
    [39, 15],
    [93, 69],
    [94, 70],
    [108, 98],
    [109, 100],
    [123, 170],
    [124, 175],
    [125, undefined],
  ])('reads the movement code %i', (code, knots) => {
    const position = (0x3a9a153237aef0n & ~(0x7fn << 44n)) | (BigInt(code) << 44n);
    const speed = squitter(withParity(`8C484175${position.toString(16)}`))['groundSpeed'];
    expect(speed).toBe(knots === undefined ? undefined : Math.round((knots * 1852e3) / 3600) / 1000);
  });

  it('of replies that cannot be checked there is a count, and no reading', () => {
    const replies = [
      '2A00516D492B80',
      '2000171806A983',
      'A0000638FA81C10000000081A92F',
      'A8001EBCAEE57730A80106DE1344',
    ];
    const { observations, stats } = decode(Buffer.concat([...replies.map((hex) => avr(hex)), avr('7700')]));
    expect(observations).toEqual([]);
    expect(stats.messages).toEqual({ DF5: 1, DF4: 1, DF20: 1, DF21: 1, 'Mode-AC': 1 });
  });
});
