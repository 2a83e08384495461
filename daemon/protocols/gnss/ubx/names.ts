/** Names of the UBX classes (u-blox interface descriptions, generations 4 to 20, "UBX classes"). */
const CLASSES: Readonly<Record<number, string>> = {
  1: 'NAV',
  2: 'RXM',
  3: 'TRK',
  4: 'INF',
  5: 'ACK',
  6: 'CFG',
  9: 'UPD',
  10: 'MON',
  11: 'AID',
  12: 'TUN',
  13: 'TIM',
  16: 'ESF',
  19: 'MGA',
  33: 'LOG',
  39: 'SEC',
  40: 'HNR',
  41: 'NAV2',
};

const NAV: Readonly<Record<number, string>> = {
  1: 'POSECEF',
  2: 'POSLLH',
  3: 'STATUS',
  4: 'DOP',
  5: 'ATT',
  6: 'SOL',
  7: 'PVT',
  9: 'ODO',
  16: 'RESETODO',
  17: 'VELECEF',
  18: 'VELNED',
  19: 'HPPOSECEF',
  20: 'HPPOSLLH',
  21: 'PVAT',
  32: 'TIMEGPS',
  33: 'TIMEUTC',
  34: 'CLOCK',
  35: 'TIMEGLO',
  36: 'TIMEBDS',
  37: 'TIMEGAL',
  38: 'TIMELS',
  39: 'TIMEQZSS',
  40: 'TIMENAVIC',
  48: 'SVINFO',
  49: 'DGPS',
  50: 'SBAS',
  52: 'ORB',
  53: 'SAT',
  54: 'COV',
  57: 'GEOFENCE',
  59: 'SVIN',
  60: 'RELPOSNED',
  64: 'EKFSTATUS',
  66: 'SLAS',
  67: 'SIG',
  96: 'AOPSTATUS',
  97: 'EOE',
  98: 'PL',
};

const MESSAGES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  NAV,
  NAV2: NAV,
  RXM: {
    16: 'RAW',
    17: 'SFRB',
    19: 'SFRBX',
    20: 'MEASX',
    21: 'RAWX',
    32: 'SVSI',
    48: 'ALM',
    49: 'EPH',
    50: 'RTCM',
    51: 'SPARTN',
    52: 'COR',
    65: 'PMREQ',
    89: 'RLM',
    97: 'IMES',
    114: 'PMP',
    115: 'QZSSL6',
  },
  INF: { 0: 'ERROR', 1: 'WARNING', 2: 'NOTICE', 3: 'TEST', 4: 'DEBUG' },
  ACK: { 0: 'NAK', 1: 'ACK' },
  CFG: {
    0: 'PRT',
    1: 'MSG',
    2: 'INF',
    4: 'RST',
    6: 'DAT',
    8: 'RATE',
    9: 'CFG',
    17: 'RXM',
    19: 'ANT',
    22: 'SBAS',
    23: 'NMEA',
    27: 'USB',
    35: 'NAVX5',
    36: 'NAV5',
    49: 'TP5',
    62: 'GNSS',
    138: 'VALSET',
    139: 'VALGET',
    140: 'VALDEL',
  },
  MON: {
    2: 'IO',
    4: 'VER',
    6: 'MSGPP',
    7: 'RXBUF',
    8: 'TXBUF',
    9: 'HW',
    11: 'HW2',
    33: 'RXR',
    39: 'PATCH',
    40: 'GNSS',
    46: 'SMGR',
    47: 'SPT',
    49: 'SPAN',
    50: 'BATCH',
    54: 'COMMS',
    55: 'HW3',
    56: 'RF',
    57: 'SYS',
  },
  AID: { 1: 'INI', 2: 'HUI', 11: 'HUI', 48: 'ALM', 49: 'EPH', 50: 'ALPSRV', 51: 'AOP' },
  TIM: { 1: 'TP', 3: 'TM2', 4: 'SVIN', 6: 'VRFY', 17: 'DOSC', 18: 'TOS', 19: 'SMEAS', 21: 'VCOCAL', 22: 'FCHG' },
  ESF: { 2: 'MEAS', 3: 'RAW', 16: 'STATUS', 20: 'ALG', 21: 'INS' },
  MGA: { 0: 'GPS', 2: 'GAL', 3: 'BDS', 5: 'QZSS', 6: 'GLO', 64: 'INI', 96: 'ACK', 128: 'DBD' },
  LOG: { 4: 'CREATE', 8: 'INFO', 14: 'FINDTIME', 17: 'BATCH' },
  SEC: { 1: 'SIGN', 3: 'UNIQID', 9: 'SIG', 16: 'SIGLOG', 36: 'OSNMA' },
  HNR: { 0: 'PVT', 1: 'ATT', 2: 'INS' },
};

/** NMEA sentences as UBX messages (u-blox interface descriptions, "NMEA messages overview"). */
const STANDARD: ReadonlyMap<string, number> = new Map([
  ['GGA', 0xf000],
  ['GLL', 0xf001],
  ['GSA', 0xf002],
  ['GSV', 0xf003],
  ['RMC', 0xf004],
  ['VTG', 0xf005],
  ['GRS', 0xf006],
  ['GST', 0xf007],
  ['ZDA', 0xf008],
  ['GBS', 0xf009],
  ['DTM', 0xf00a],
  ['GNS', 0xf00d],
  ['PUBX,00', 0xf100],
  ['PUBX,03', 0xf103],
  ['PUBX,04', 0xf104],
]);

/**
 * Largest payload that is waited for. The longest message of the interface descriptions is UBX-RXM-RAWX: 16 bytes and
 * 32 for each of at most 255 measurements, 8,176 together.
 */
export const MAX_UBX_PAYLOAD = 8_192;

/**
 * A class that no interface description names is more likely a false header: its frame may be real, but not hold up
 * others.
 */
const MAX_UNKNOWN_PAYLOAD = 1_024;

const LIMITS = new Uint16Array(256).fill(MAX_UNKNOWN_PAYLOAD);
for (const number of Object.keys(CLASSES)) LIMITS[Number(number)] = MAX_UBX_PAYLOAD;

/** How long a payload of a UBX class may claim to be. */
export function ubxPayloadLimit(messageClass: number): number {
  return LIMITS[messageClass] ?? MAX_UNKNOWN_PAYLOAD;
}

/**
 * The name of a UBX message, e.g. NAV-PVT; the numbers in hexadecimal where the name is not known, e.g. NAV-7F or
 * 77-01.
 */
export function ubxName(messageClass: number, id: number): string {
  const className = CLASSES[messageClass];
  const known = className === undefined ? undefined : MESSAGES[className]?.[id];
  return `${className ?? hex(messageClass)}-${known ?? hex(id)}`;
}

/** Class and id of a message in one number, by its name: NAV-PVT, GGA, PUBX,00; undefined where none has it. */
export function ubxCode(name: string): number | undefined {
  const standard = STANDARD.get(name);
  if (standard !== undefined) return standard;
  const [className, message] = name.split('-', 2);
  for (const [number, known] of Object.entries(CLASSES)) {
    if (known !== className) continue;
    for (const [id, text] of Object.entries(MESSAGES[known] ?? {})) {
      if (text === message) return (Number(number) << 8) | Number(id);
    }
  }
  return undefined;
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');
