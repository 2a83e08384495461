/**
 * Configuration items of u-blox receivers of generation 9 and later, by the names of their interface descriptions
 * (u-blox F9 HPG 1.32, M10 SPG 5.10 and F9R interface descriptions, "Configuration interface"). What is not here can be
 * given by its number.
 */

/** CFG-MSGOUT: each message has five items in a row, one for each port. The number is that of the first. */
const MESSAGE_OUTPUT: Readonly<Record<string, number>> = {
  NMEA_ID_DTM: 0xa6,
  NMEA_ID_GBS: 0xdd,
  NMEA_ID_GGA: 0xba,
  NMEA_ID_GLL: 0xc9,
  NMEA_ID_GNS: 0xb5,
  NMEA_ID_GRS: 0xce,
  NMEA_ID_GSA: 0xbf,
  NMEA_ID_GST: 0xd3,
  NMEA_ID_GSV: 0xc4,
  NMEA_ID_RLM: 0x400,
  NMEA_ID_RMC: 0xab,
  NMEA_ID_THS: 0xe2,
  NMEA_ID_VLW: 0xe7,
  NMEA_ID_VTG: 0xb0,
  NMEA_ID_ZDA: 0xd8,
  PUBX_ID_POLYP: 0xec,
  PUBX_ID_POLYS: 0xf1,
  PUBX_ID_POLYT: 0xf6,
  RTCM_3X_TYPE1005: 0x2bd,
  RTCM_3X_TYPE1006: 0x2c2,
  RTCM_3X_TYPE1074: 0x35e,
  RTCM_3X_TYPE1077: 0x2cc,
  RTCM_3X_TYPE1084: 0x363,
  RTCM_3X_TYPE1087: 0x2d1,
  RTCM_3X_TYPE1094: 0x368,
  RTCM_3X_TYPE1097: 0x318,
  RTCM_3X_TYPE1124: 0x36d,
  RTCM_3X_TYPE1127: 0x2d6,
  RTCM_3X_TYPE1230: 0x303,
  RTCM_3X_TYPE4072_0: 0x2fe,
  RTCM_3X_TYPE4072_1: 0x381,
  UBX_ESF_ALG: 0x10f,
  UBX_ESF_INS: 0x114,
  UBX_ESF_MEAS: 0x277,
  UBX_ESF_RAW: 0x29f,
  UBX_ESF_STATUS: 0x105,
  UBX_HNR_PVT: 0x28b,
  UBX_MON_COMMS: 0x34f,
  UBX_MON_HW: 0x1b4,
  UBX_MON_HW3: 0x354,
  UBX_MON_RF: 0x359,
  UBX_MON_SPAN: 0x38b,
  UBX_MON_SYS: 0x69d,
  UBX_NAV2_PVT: 0x490,
  UBX_NAV_ATT: 0x1f,
  UBX_NAV_CLOCK: 0x65,
  UBX_NAV_COV: 0x83,
  UBX_NAV_DOP: 0x38,
  UBX_NAV_EOE: 0x15f,
  UBX_NAV_HPPOSECEF: 0x2e,
  UBX_NAV_HPPOSLLH: 0x33,
  UBX_NAV_ODO: 0x7e,
  UBX_NAV_ORB: 0x10,
  UBX_NAV_PL: 0x415,
  UBX_NAV_POSECEF: 0x24,
  UBX_NAV_POSLLH: 0x29,
  UBX_NAV_PVAT: 0x62a,
  UBX_NAV_PVT: 0x06,
  UBX_NAV_RELPOSNED: 0x8d,
  UBX_NAV_SAT: 0x15,
  UBX_NAV_SBAS: 0x6a,
  UBX_NAV_SIG: 0x345,
  UBX_NAV_STATUS: 0x1a,
  UBX_NAV_SVIN: 0x88,
  UBX_NAV_TIMEGPS: 0x47,
  UBX_NAV_TIMELS: 0x60,
  UBX_NAV_TIMEUTC: 0x5b,
  UBX_NAV_VELECEF: 0x3d,
  UBX_NAV_VELNED: 0x42,
  UBX_RXM_COR: 0x6b6,
  UBX_RXM_MEASX: 0x204,
  UBX_RXM_RAWX: 0x2a4,
  UBX_RXM_RTCM: 0x268,
  UBX_RXM_SFRBX: 0x231,
  UBX_SEC_OSNMA: 0x6ca,
  UBX_SEC_SIG: 0x634,
  UBX_SEC_SIGLOG: 0x689,
  UBX_TIM_TM2: 0x178,
  UBX_TIM_TP: 0x17d,
};

const MESSAGE_OUTPUT_GROUP = 0x2091_0000;
const PORTS: readonly string[] = ['I2C', 'UART1', 'UART2', 'USB', 'SPI'];

/** The protocols of each port: CFG-UART1INPROT-UBX and its like. */
const IN_PROTOCOLS = { UBX: 1, NMEA: 2, RTCM2X: 3, RTCM3X: 4, SPARTN: 5 };
const OUT_PROTOCOLS = { UBX: 1, NMEA: 2, RTCM3X: 4 };

const protocols = (group: number, items: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(items).map(([name, item]) => [name, group + item]));

const GROUPS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  RATE: { MEAS: 0x3021_0001, NAV: 0x3021_0002, TIMEREF: 0x2021_0003, NAV_PRIO: 0x2021_0004 },
  NAVSPG: {
    FIXMODE: 0x2011_0011,
    INIFIX3D: 0x1011_0013,
    WKNROLLOVER: 0x3011_0017,
    USE_PPP: 0x1011_0019,
    UTCSTANDARD: 0x2011_001c,
    DYNMODEL: 0x2011_0021,
    ACKAIDING: 0x1011_0025,
    INFIL_MINSVS: 0x2011_00a1,
    INFIL_MAXSVS: 0x2011_00a2,
    INFIL_MINCNO: 0x2011_00a3,
    INFIL_MINELEV: 0x2011_00a4,
    OUTFIL_PDOP: 0x3011_00b1,
    OUTFIL_PACC: 0x3011_00b3,
    OUTFIL_TACC: 0x3011_00b4,
    CONSTR_DGNSSTO: 0x2011_00c4,
    SIGATTCOMP: 0x2011_00d6,
    PL_ENA: 0x1011_00d7,
    ONLY_AUTHDATA: 0x1011_00dd,
  },
  NAVHPG: { DGNSSMODE: 0x2014_0011 },
  NAV2: { OUT_ENABLED: 0x1017_0001 },
  SIGNAL: {
    GPS_L1CA_ENA: 0x1031_0001,
    GPS_L2C_ENA: 0x1031_0003,
    GPS_L5_ENA: 0x1031_0004,
    SBAS_L1CA_ENA: 0x1031_0005,
    GAL_E1_ENA: 0x1031_0007,
    GAL_E5A_ENA: 0x1031_0009,
    GAL_E5B_ENA: 0x1031_000a,
    GAL_E6_ENA: 0x1031_000b,
    BDS_B1_ENA: 0x1031_000d,
    BDS_B2_ENA: 0x1031_000e,
    BDS_B1C_ENA: 0x1031_000f,
    BDS_B3_ENA: 0x1031_0010,
    QZSS_L1CA_ENA: 0x1031_0012,
    QZSS_L1S_ENA: 0x1031_0014,
    QZSS_L2C_ENA: 0x1031_0015,
    QZSS_L5_ENA: 0x1031_0017,
    GLO_L1_ENA: 0x1031_0018,
    GLO_L2_ENA: 0x1031_001a,
    NAVIC_L5_ENA: 0x1031_001d,
    GPS_ENA: 0x1031_001f,
    SBAS_ENA: 0x1031_0020,
    GAL_ENA: 0x1031_0021,
    BDS_ENA: 0x1031_0022,
    QZSS_ENA: 0x1031_0024,
    GLO_ENA: 0x1031_0025,
    NAVIC_ENA: 0x1031_0026,
    BDS_B2A_ENA: 0x1031_0028,
    PLAN: 0x2031_003a,
  },
  NMEA: {
    PROTVER: 0x2093_0001,
    MAXSVS: 0x2093_0002,
    COMPAT: 0x1093_0003,
    CONSIDER: 0x1093_0004,
    LIMIT82: 0x1093_0005,
    HIGHPREC: 0x1093_0006,
    SVNUMBERING: 0x2093_0007,
    MAINTALKERID: 0x2093_0031,
    GSVTALKERID: 0x2093_0032,
  },
  TMODE: {
    MODE: 0x2003_0001,
    POS_TYPE: 0x2003_0002,
    ECEF_X: 0x4003_0003,
    ECEF_Y: 0x4003_0004,
    ECEF_Z: 0x4003_0005,
    ECEF_X_HP: 0x2003_0006,
    ECEF_Y_HP: 0x2003_0007,
    ECEF_Z_HP: 0x2003_0008,
    LAT: 0x4003_0009,
    LON: 0x4003_000a,
    HEIGHT: 0x4003_000b,
    LAT_HP: 0x2003_000c,
    LON_HP: 0x2003_000d,
    HEIGHT_HP: 0x2003_000e,
    FIXED_POS_ACC: 0x4003_000f,
    SVIN_MIN_DUR: 0x4003_0010,
    SVIN_ACC_LIMIT: 0x4003_0011,
  },
  RTCM: { DF003_OUT: 0x3009_0001, DF003_IN: 0x3009_0008, DF003_IN_FILTER: 0x2009_0009 },
  ITFM: { BBTHRESHOLD: 0x2041_0001, CWTHRESHOLD: 0x2041_0002, ENABLE: 0x1041_000d, ANTSETTING: 0x2041_0010 },
  SEC: { CFG_LOCK: 0x10f6_0009, JAMDET_SENSITIVITY_HI: 0x10f6_0051, SPOOFDET_SIM_SIG_DIS: 0x10f6_005d },
  SFCORE: { USE_SF: 0x1008_0001 },
  SFIMU: {
    IMU_EN: 0x1006_001d,
    AUTO_MNTALG_ENA: 0x1006_0027,
    IMU_MNTALG_YAW: 0x4006_002d,
    IMU_MNTALG_PITCH: 0x3006_002e,
    IMU_MNTALG_ROLL: 0x3006_002f,
  },
  SFODO: { COMBINE_TICKS: 0x1007_0001, USE_SPEED: 0x1007_0003, FACTOR: 0x4007_0007, FREQUENCY: 0x2007_000b },
  SBAS: { USE_TESTMODE: 0x1036_0002, USE_RANGING: 0x1036_0003, USE_DIFFCORR: 0x1036_0004, USE_INTEGRITY: 0x1036_0005 },
  HW: { ANT_CFG_VOLTCTRL: 0x10a3_002e, ANT_CFG_SHORTDET: 0x10a3_002f, ANT_CFG_OPENDET: 0x10a3_0031 },
  TP: { PULSE_DEF: 0x2005_0023, PERIOD_TP1: 0x4005_0002, LEN_TP1: 0x4005_0004, TP1_ENA: 0x1005_0007 },
  UART1: {
    BAUDRATE: 0x4052_0001,
    STOPBITS: 0x2052_0002,
    DATABITS: 0x2052_0003,
    PARITY: 0x2052_0004,
    ENABLED: 0x1052_0005,
  },
  UART2: {
    BAUDRATE: 0x4053_0001,
    STOPBITS: 0x2053_0002,
    DATABITS: 0x2053_0003,
    PARITY: 0x2053_0004,
    ENABLED: 0x1053_0005,
  },
  USB: { ENABLED: 0x1065_0001 },
  I2CINPROT: protocols(0x1071_0000, IN_PROTOCOLS),
  I2COUTPROT: protocols(0x1072_0000, OUT_PROTOCOLS),
  UART1INPROT: protocols(0x1073_0000, IN_PROTOCOLS),
  UART1OUTPROT: protocols(0x1074_0000, OUT_PROTOCOLS),
  UART2INPROT: protocols(0x1075_0000, IN_PROTOCOLS),
  UART2OUTPROT: protocols(0x1076_0000, OUT_PROTOCOLS),
  USBINPROT: protocols(0x1077_0000, IN_PROTOCOLS),
  USBOUTPROT: protocols(0x1078_0000, OUT_PROTOCOLS),
};

/** The key that sets the rate of the port itself. */
export const BAUD_RATE_KEY = 0x4052_0001;

/** Bytes of a value by bits 30..28 of its key: one bit, one byte, two, four, eight. */
const SIZES: readonly number[] = [0, 1, 1, 2, 4, 8];

/** Whether the values of a key are flags. */
export const isFlag = (key: number): boolean => key >>> 28 === 1;

/** Bytes of a key's value; 0 where no key has such a size. */
export const sizeOf = (key: number): number => SIZES[(key >>> 28) & 0x07] ?? 0;

/** The key of a name (CFG-RATE-MEAS) or of a number in hexadecimal (0x30210001); undefined where there is none. */
export function findKey(name: string): number | undefined {
  if (/^0x[0-9a-f]{8}$/i.test(name)) {
    const key = Number(name);
    return key < 0x8000_0000 && sizeOf(key) > 0 ? key : undefined;
  }
  const [, group, item] = /^CFG-([A-Z0-9]+)-([A-Z0-9_]+)$/.exec(name) ?? [];
  if (group === undefined || item === undefined) return undefined;
  if (group === 'MSGOUT') return findMessageOutput(item);
  const items = Object.hasOwn(GROUPS, group) ? GROUPS[group] : undefined;
  return items !== undefined && Object.hasOwn(items, item) ? items[item] : undefined;
}

/** UBX_NAV_PVT_UART1 and its like. */
function findMessageOutput(item: string): number | undefined {
  const split = item.lastIndexOf('_');
  const message = item.slice(0, split);
  const port = PORTS.indexOf(item.slice(split + 1));
  const first = Object.hasOwn(MESSAGE_OUTPUT, message) ? MESSAGE_OUTPUT[message] : undefined;
  return first === undefined || port < 0 ? undefined : MESSAGE_OUTPUT_GROUP + first + port;
}
