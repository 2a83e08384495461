import { describe, expect, it } from 'vitest';
import type { ProtocolSettings } from '../../../daemon/protocols/index.ts';
import { checkRanges } from '../../../daemon/readings/index.ts';
import { answer, type Json, json, listen } from './modem.ts';

function cells(lines: readonly string[], settings: ProtocolSettings = {}): Json[] {
  const { observations } = listen(answer(...lines), settings);
  for (const { kind, fields } of observations) expect(checkRanges(kind, fields)).toEqual([]);
  return observations.map(json);
}

const serving = (fields: Json): Json => ({ kind: 'cell.serving', ...fields });
const neighbour = (fields: Json): Json => ({ kind: 'cell.neighbour', ...fields });

/** rat: 1 GSM, 2 UMTS, 3 LTE, 4 NR, 5 LTE Cat M1, 6 NB-IoT. */
describe('an answer of a Quectel modem', () => {
  // Examples of "RG50xQ&RM5xxQ Series Network Application Note" 1.0, 3.2.2, and of the EC200x AT commands manual, AT+QENG.
  const lte = { rat: 3, mcc: 460, mnc: '01', cellId: 0x5f1ea15, pci: 12, arfcn: 1650, band: 3, tac: 0xde10 };
  it.each<[string, string[], Json[]]>([
    [
      'LTE',
      ['+QENG: "servingcell","NOCONN","LTE","FDD",460,01,5F1EA15,12,1650,3,5,5,DE10,-100,-12,-68,11,0,-32768,27'],
      [serving({ ...lte, rsrp: -100, rsrq: -12, rssi: -68 })],
    ],
    [
      'EN-DC',
      [
        '+QENG: "servingcell","NOCONN"',
        '+QENG: "LTE","FDD",460,01,5F1EA15,12,1650,3,5,5,DE10,-99,-12,-67,11,9,230,-',
        '+QENG:"NR5G-NSA",460,01,747,-71,33,-11,627264,78,12,1',
      ],
      [
        serving({ ...lte, rsrp: -99, rsrq: -12, rssi: -67, role: 0 }),
        serving({
          rat: 4,
          mcc: 460,
          mnc: '01',
          pci: 747,
          rsrp: -71,
          sinr: 33,
          rsrq: -11,
          arfcn: 627264,
          band: 78,
          role: 1,
        }),
      ],
    ],
    [
      'NR, standalone',
      ['+QENG: "servingcell","NOCONN","NR5G-SA","TDD",460,01,19013B004,299,690E0F,633984,78,12,-107,-13,2,1,-'],
      [
        serving({
          ...{ rat: 4, mcc: 460, mnc: '01', cellId: 0x19013b004, pci: 299, tac: 0x690e0f, arfcn: 633984, band: 78 },
          ...{ rsrp: -107, rsrq: -13, sinr: 2 },
        }),
      ],
    ],
    [
      'GSM',
      ['+QENG: "servingcell","NOCONN","GSM",460,01,5504,2B55,52,123,0,-111,5,14,64,0,0,0,-,-,-,-,-,-,-,-,-,"-"'],
      [serving({ rat: 1, mcc: 460, mnc: '01', tac: 0x5504, cellId: 0x2b55, pci: 52, arfcn: 123, rssi: -111 })],
    ],
    [
      'GSM, its level as RXLEV',
      ['+QENG: "servingcell","NOCONN","GSM",460,01,5504,2B55,52,123,0,44,5'],
      [serving({ rat: 1, mcc: 460, mnc: '01', tac: 0x5504, cellId: 0x2b55, pci: 52, arfcn: 123, rssi: -67 })],
    ],
    [
      'WCDMA',
      ['+QENG: "servingcell","NOCONN","WCDMA",310,410,DEA6,2883C,4385,84,254,-98,-7,-,-,-,-,-'],
      [
        serving({
          rat: 2,
          mcc: 310,
          mnc: '410',
          tac: 0xdea6,
          cellId: 0x2883c,
          arfcn: 4385,
          pci: 84,
          rsrp: -98,
          rsrq: -7,
        }),
      ],
    ],
    [
      'LTE Cat M1',
      ['+QENG: "servingcell","CONNECT","CAT-M","FDD",262,03,2FAA03,187,6200,20,3,3,2AFB,-105,-11,-76,10,-'],
      [
        serving({
          ...{ rat: 5, mcc: 262, mnc: '03', cellId: 0x2faa03, pci: 187, arfcn: 6200, band: 20, tac: 0x2afb },
          ...{ rsrp: -105, rsrq: -11, rssi: -76 },
        }),
      ],
    ],
    [
      'NB-IoT',
      ['+QENG: "servingcell","NOCONN","CAT-NB","FDD",460,11,DDA1451,280,2506,5,0,0,69C9,-84,-17,-67,8,44'],
      [
        serving({
          ...{ rat: 6, mcc: 460, mnc: '11', cellId: 0xdda1451, pci: 280, arfcn: 2506, band: 5, tac: 0x69c9 },
          ...{ rsrp: -84, rsrq: -17, rssi: -67 },
        }),
      ],
    ],
    ['a search', ['+QENG: "servingcell","SEARCH"'], []],
    [
      'neighbours of an LTE cell',
      [
        '+QENG: "servingcell","NOCONN","LTE","TDD",460,00,C412C83,401,38950,40,5,5,247C,-90,-7,-62,24,37',
        '+QENG: "neighbourcell intra","LTE",38950,276,-3,-88,-65,0,37,7,16,6,44',
        '+QENG: "neighbourcell inter","LTE",39148,-,-,-,-,-,37,0,30,7,-,-,-,-',
        '+QENG: "neighbourcell inter","LTE",1501,77,-12,-105,-75,-20,23,4,12,10',
        '+QENG: "neighbourcell","WCDMA",10713,3,16,2,331,-870,-155,40',
        '+QENG: "neighbourcell","GSM",94,3,14,50,255,0,33,-830,0',
      ],
      [
        serving({
          ...{ rat: 3, mcc: 460, mnc: '00', cellId: 0xc412c83, pci: 401, arfcn: 38950, band: 40, tac: 0x247c },
          ...{ rsrp: -90, rsrq: -7, rssi: -62 },
        }),
        neighbour({ rat: 3, arfcn: 38950, pci: 276, rsrq: -3, rsrp: -88, rssi: -65, relation: 1 }),
        neighbour({ rat: 3, arfcn: 1501, pci: 77, rsrq: -12, rsrp: -105, rssi: -75, relation: 2 }),
        neighbour({ rat: 2, arfcn: 10713, pci: 331, rsrp: -87, rsrq: -15.5, relation: 3 }),
        neighbour({ rat: 1, arfcn: 94, pci: 33, rssi: -83, relation: 3 }),
      ],
    ],
    [
      'neighbours of a WCDMA cell',
      [
        '+QENG: "servingcell","NOCONN","WCDMA",440,10,75,6FE0090,10736,58,0,-78,-3,-,-,-,-,-',
        '+QENG: "neighbourcell","WCDMA",10713,-723,398,-880,-155,6,-32768,-',
        '+QENG: "neighbourcell","LTE",1650,12,-95,-11,20',
        '+QENG: "neighbourcell","GSM",52,-98,12,-5',
      ],
      [
        serving({
          rat: 2,
          mcc: 440,
          mnc: '10',
          tac: 0x75,
          cellId: 0x6fe0090,
          arfcn: 10736,
          pci: 58,
          rsrp: -78,
          rsrq: -3,
        }),
        neighbour({ rat: 2, arfcn: 10713, pci: 398, rsrp: -88, rsrq: -15.5, relation: 0 }),
        neighbour({ rat: 3, arfcn: 1650, pci: 12, rsrp: -95, rsrq: -11, relation: 3 }),
        neighbour({ rat: 1, pci: 52, rssi: -98, relation: 3 }),
      ],
    ],
    [
      'neighbours of a GSM cell',
      [
        '+QENG: "servingcell","NOCONN","GSM",460,00,247C,1327,35,82,-,-52,255,255,0,53,179,1,-,-,-,-,-,-,-,-,-,"-"',
        '+QENG: "neighbourcell","GSM",460,00,24A5,1241,33,33,-83,22,146,0,0',
        '+QENG: "neighbourcell","WCDMA",10713,38,-90,-8',
      ],
      [
        serving({ rat: 1, mcc: 460, mnc: '00', tac: 0x247c, cellId: 0x1327, pci: 35, arfcn: 82, rssi: -52 }),
        neighbour({
          rat: 1,
          mcc: 460,
          mnc: '00',
          tac: 0x24a5,
          cellId: 0x1241,
          pci: 33,
          arfcn: 33,
          rssi: -83,
          relation: 0,
        }),
        neighbour({ rat: 2, arfcn: 10713, pci: 38, rsrp: -90, rsrq: -8, relation: 3 }),
      ],
    ],
  ])('about %s', (_what, lines, found) => {
    expect(cells(lines, { dialect: 'quectel' })).toEqual(found);
  });

  it.each([
    ['dB', '11', 11],
    ['fifths', '151', 10.2],
    ['doubled', '11', 2],
    ['omit', '11', undefined],
  ])('gives the SINR of LTE in %s, if that is its form', (lteSinr, value, dB) => {
    const line = `+QENG: "servingcell","NOCONN","LTE","FDD",460,01,5F1EA15,12,1650,3,5,5,DE10,-100,-12,-68,${value},0`;
    expect(cells([line], { lteSinr })[0]?.['sinr']).toBe(dB);
  });
});

describe('an answer of a SIMCom modem', () => {
  // Examples of the AT command manuals of SIM7500/SIM7600 (4.2.13), SIM8200 and SIM7070 (4.2.14), and of such modems.
  it.each<[string, string[], Json[]]>([
    [
      'LTE, in tenths',
      ['+CPSI: LTE,Online,460-11,0x5A1E,187214780,257,EUTRAN-BAND3,1850,5,5,-94,-850,-545,15'],
      [
        serving({
          ...{ rat: 3, mcc: 460, mnc: '11', tac: 0x5a1e, cellId: 187214780, pci: 257, band: 3, arfcn: 1850 },
          ...{ rsrq: -9.4, rsrp: -85, rssi: -54.5, sinr: 15 },
        }),
      ],
    ],
    [
      'NB-IoT, whole',
      ['+CPSI: LTE NB-IOT,Online,460-11,0x5AE1,187212754,82,EUTRAN-BAND5,2506,0,0,-7,-115,-110,13'],
      [
        serving({
          ...{ rat: 6, mcc: 460, mnc: '11', tac: 0x5ae1, cellId: 187212754, pci: 82, band: 5, arfcn: 2506 },
          ...{ rsrq: -7, rsrp: -115, rssi: -110, sinr: 13 },
        }),
      ],
    ],
    [
      'LTE Cat M1',
      ['+CPSI: LTE CAT-M1,Online,240-07,0x2AFE,34564631,149,EUTRAN-BAND20,6400,3,3,-12,-81,-52,10'],
      [
        serving({
          ...{ rat: 5, mcc: 240, mnc: '07', tac: 0x2afe, cellId: 34564631, pci: 149, band: 20, arfcn: 6400 },
          ...{ rsrq: -12, rsrp: -81, rssi: -52, sinr: 10 },
        }),
      ],
    ],
    [
      'EN-DC, each line in its own unit',
      [
        '+CPSI: LTE,Online,460-11,0x5A1E,187214780,257,EUTRAN-BAND3,1825,4,4,-102,-924,-632,13',
        '+CPSI: NR5G,257,629952,-11,-92,153',
      ],
      [
        serving({
          ...{ rat: 3, mcc: 460, mnc: '11', tac: 0x5a1e, cellId: 187214780, pci: 257, band: 3, arfcn: 1825 },
          ...{ rsrq: -10.2, rsrp: -92.4, rssi: -63.2, sinr: 13, role: 0 },
        }),
        serving({ rat: 4, pci: 257, arfcn: 629952, rsrq: -11, rsrp: -92, sinr: 15.3, role: 1 }),
      ],
    ],
    [
      'NR beside LTE, in tenths',
      ['+CPSI: NR5G_NSA,644,NR5G_BAND78,627264,-960,-120,95'],
      [serving({ rat: 4, pci: 644, band: 78, arfcn: 627264, rsrp: -96, rsrq: -12, sinr: 9.5, role: 1 })],
    ],
    [
      'NR, standalone',
      ['+CPSI: NR5G_SA,Online,242-12,0x765D,4955280,0,NR5G_BAND78,640704,-740,-110,240'],
      [
        serving({
          ...{ rat: 4, mcc: 242, mnc: '12', tac: 0x765d, cellId: 4955280, pci: 0, band: 78, arfcn: 640704 },
          ...{ rsrp: -74, rsrq: -11, sinr: 24 },
        }),
      ],
    ],
    [
      'NR, standalone, without its band',
      ['+CPSI: NR5G,Online,311-480,0x2D18,50896642,257,629952,-92,-11,15'],
      [
        serving({
          ...{ rat: 4, mcc: 311, mnc: '480', tac: 0x2d18, cellId: 50896642, pci: 257, arfcn: 629952 },
          ...{ rsrp: -92, rsrq: -11, sinr: 15 },
        }),
      ],
    ],
    [
      'WCDMA',
      ['+CPSI: WCDMA,Online,460-01,0xA809,11122855,WCDMA IMT 2000,279,10663,0,1.5,62,33,52,500'],
      [
        serving({
          rat: 2,
          mcc: 460,
          mnc: '01',
          tac: 0xa809,
          cellId: 11122855,
          pci: 279,
          arfcn: 10663,
          rsrp: -62,
          rsrq: -1.5,
        }),
      ],
    ],
    [
      'GSM',
      ['+CPSI: GSM,Online,460-00,0x182d,12401,27 EGSM 900,-64,2110,42-42'],
      [serving({ rat: 1, mcc: 460, mnc: '00', tac: 0x182d, cellId: 12401, arfcn: 27, rssi: -64 })],
    ],
    [
      'LTE between two cells: nothing that could not be',
      ['+CPSI: LTE,Online,250-20,0x4D07,200468789,0,EUTRAN-BAND0,4294967295,0,0,0,0,0,0'],
      [serving({ rat: 3, mcc: 250, mnc: '20', tac: 0x4d07, cellId: 200468789, pci: 0 })],
    ],
    ['no service', ['+CPSI: NO SERVICE,Online'], []],
  ])('about %s', (_what, lines, found) => {
    expect(cells(lines, { dialect: 'simcom' })).toEqual(found);
  });
});

describe('an answer of any modem', () => {
  it.each<[string, string[], Json[]]>([
    // "RG50xQ&RM5xxQ Series Network Application Note", 3.1.4
    [
      'about NR registration',
      ['+C5GREG: 2,1,"690E0F","9013B004",11,4,"01.000000"'],
      [serving({ rat: 4, registration: 1, tac: 0x690e0f, cellId: 0x9013b004 })],
    ],
    [
      'unsolicited',
      ['+CEREG: 5,"DE10","5F1EA15",7'],
      [serving({ rat: 3, registration: 5, tac: 0xde10, cellId: 0x5f1ea15 })],
    ],
    ['without a place', ['+CREG: 0,2'], [serving({ registration: 2 })]],
    ['unsolicited, without a place', ['+CREG: 3'], [serving({ registration: 3 })]],
    ['unsolicited, unquoted', ['+CREG: 1,00C3,12AB'], [serving({ registration: 1, tac: 0xc3, cellId: 0x12ab })]],
    [
      'about its operator',
      ['+COPS: 0,0,"CHINA MOBILE",11', '+COPS: 0,2,"46001",7'],
      [serving({ operator: 'CHINA MOBILE', mcc: 460, mnc: '01', rat: 3 })],
    ],
    ['about its level', ['+CSQ: 26,99'], [serving({ rssi: -61 })]],
    [
      'about NR levels',
      ['+C5GREG: 2,1', '+CESQ: 99,99,255,255,255,255,65,75,75', '+COPS: 0,0,"A",11'],
      [serving({ rat: 4, registration: 1, operator: 'A', rsrq: -11, rsrp: -82, sinr: 14 })],
    ],
    [
      'about LTE levels',
      ['+COPS: 0,0,"A",7', '+CESQ: 99,99,255,255,15,39'],
      [serving({ rat: 3, operator: 'A', rsrq: -12.5, rsrp: -102 })],
    ],
    [
      'about UMTS levels',
      ['+COPS: 0,0,"A",2', '+CESQ: 99,99,40,30,255,255'],
      [serving({ rat: 2, operator: 'A', rsrq: -9.5, rsrp: -81 })],
    ],
    [
      'about a GSM level',
      ['+COPS: 0,0,"A",0', '+CESQ: 30,99,255,255,255,255'],
      [serving({ rat: 1, operator: 'A', rssi: -81 })],
    ],
    ['that knows nothing', ['+CSQ: 99,99', '+CESQ: 99,99,255,255,255,255', '+COPS: 0'], []],
  ])('%s', (_what, lines, found) => {
    expect(cells(lines)).toEqual(found);
  });

  it('keeps of a long name what fits', () => {
    const name = `${'o'.repeat(63)}\u{1f4f6}`;
    expect(cells([`+COPS: 0,0,"${name}",7`])[0]?.['operator']).toBe('o'.repeat(63));
  });
});
