import type { UbxLegacyConfiguration } from '../../protocol.ts';
import { ubxCode } from '../ubx/names.ts';
import { type Command, judgeAck, type Plan } from './command.ts';
import { ubxFrame } from './frames.ts';

const CLASS = 0x06;
const PRT = 0x00;
const MSG = 0x01;
const RATE = 0x08;

const MAX_U1 = 0xff;
const MAX_U2 = 0xffff;

/** UART1 of CFG-PRT, eight bits, no parity, one stop bit; bit 4 is always set. */
const UART1 = 1;
const MODE_8N1 = 0x08d0;
const IN_UBX_NMEA_RTCM = 0x07;
const OUT_UBX_NMEA = 0x03;

/** Configures u-blox receivers of generations 6 to 8 (u-blox 6, 7 and 8/M8 receiver descriptions, "CFG"). */
export function planLegacy(configuration: UbxLegacyConfiguration): Plan {
  const { rateMs, baudRate, messages = {} } = configuration;
  const commands: Command[] = [];
  const problems: string[] = [];
  for (const [name, epochs] of Object.entries(messages)) {
    const code = ubxCode(name);
    if (code === undefined) problems.push(`${name}: no such message`);
    else if (!(Number.isInteger(epochs) && epochs >= 0 && epochs <= MAX_U1)) problems.push(`${name}: ${epochs} epochs`);
    // CFG-MSG of three bytes: class, id, and the rate on the port that it comes by.
    else commands.push(command(`CFG-MSG ${name}`, MSG, [code >> 8, code & 0xff, epochs]));
  }
  if (rateMs !== undefined) {
    if (!(Number.isInteger(rateMs) && rateMs >= 25 && rateMs <= MAX_U2)) problems.push(`rateMs: ${rateMs}`);
    // CFG-RATE: measRate, one measurement for each solution, aligned to GPS time.
    else commands.push(command('CFG-RATE', RATE, [...u2(rateMs), 1, 0, 1, 0]));
  }
  if (baudRate !== undefined) {
    if (!(Number.isInteger(baudRate) && baudRate >= 4_800 && baudRate <= 921_600))
      problems.push(`baudRate: ${baudRate}`);
    else commands.push(command('CFG-PRT', PRT, port(baudRate)));
  }
  return { commands, problems };
}

/** CFG-PRT of 20 bytes for a UART. */
function port(baudRate: number): number[] {
  const rate = [...u2(baudRate & MAX_U2), ...u2(baudRate >>> 16)];
  return [UART1, 0, 0, 0, ...u2(MODE_8N1), 0, 0, ...rate, ...u2(IN_UBX_NMEA_RTCM), ...u2(OUT_UBX_NMEA), 0, 0, 0, 0];
}

const u2 = (value: number): number[] => [value & 0xff, value >> 8];

const command = (name: string, id: number, payload: readonly number[]): Command => ({
  name,
  bytes: ubxFrame(CLASS, id, Uint8Array.from(payload)),
  judge: judgeAck((CLASS << 8) | id),
});
