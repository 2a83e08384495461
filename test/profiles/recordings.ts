import { Aircraft } from '../../daemon/simulator/aircraft.ts';
import { ascii, type Device } from '../../daemon/simulator/device.ts';
import { ReceiverCommands } from '../../daemon/simulator/receiver-commands.ts';
import { bytes, nmea, payload, ubx } from '../protocols/gnss/encode.ts';
import { corrections, drive, type Step } from '../protocols/gnss/tracks.ts';
import { fixed32, float, group, stream, varint } from '../protocols/lora/protobuf.ts';
import { START } from './bench.ts';

const LEAP_MS = 18_000;
const WEEK_MS = 604_800_000;
const GPS_EPOCH = Date.UTC(1980, 0, 6);
const EPOCHS = 15;

/** Recordings of devices that no model of the simulator stands for, as pieces of one second each. */
export const RECORDINGS: Readonly<Record<string, () => readonly Uint8Array[]>> = {
  'neo-6m.ubx': () => drive(START, EPOCHS, 1_000).map(sixSeries),
  'zed-f9p-base.rtcm3': () => drive(START, EPOCHS, 1_000).map(surveyed),
  'gns-5894.avr': () => airTraffic(EPOCHS),
  'meshtastic.stream': () => [
    stream(group(3, varint(1, 0x11223344), varint(8, 5))),
    stream(group(5, group(6, varint(1, 1), varint(7, 3)))),
    stream(varint(7, 1)),
    ...Array.from({ length: EPOCHS }, (_, index) => meshPacket(index)),
  ],
};

/** What generation 6 says of a fix, in the order in which it says it; the rest in each tenth epoch, as the profile asks for. */
function sixSeries({ utc, lat, lon }: Step, index: number): Uint8Array {
  const iTOW = (utc + LEAP_MS - GPS_EPOCH) % WEEK_MS;
  const week = Math.floor((utc + LEAP_MS - GPS_EPOCH) / WEEK_MS);
  const date = new Date(utc);
  const solution = payload(52, [0, 'u4', iTOW], [8, 'i2', week], [10, 'u1', 3], [11, 'u1', 0x0d], [47, 'u1', 9]);
  const position = payload(
    28,
    [0, 'u4', iTOW],
    [4, 'i4', lon],
    [8, 'i4', lat],
    [12, 'i4', 461_300],
    [16, 'i4', 413_100],
    [20, 'u4', 2_400],
    [24, 'u4', 3_900],
  );
  const velocity = payload(
    36,
    [0, 'u4', iTOW],
    [4, 'i4', 300],
    [8, 'i4', -400],
    [20, 'u4', 500],
    [24, 'i4', 30_686_990],
  );
  const time = payload(
    20,
    [0, 'u4', iTOW],
    [4, 'u4', 25],
    [12, 'u2', date.getUTCFullYear()],
    [14, 'u1', date.getUTCMonth() + 1],
    [15, 'u1', date.getUTCDate()],
    [16, 'u1', date.getUTCHours()],
    [17, 'u1', date.getUTCMinutes()],
    [18, 'u1', date.getUTCSeconds()],
    [19, 'u1', 7],
  );
  const dilution = payload(
    18,
    [0, 'u4', iTOW],
    [4, 'u2', 210],
    [6, 'u2', 180],
    [8, 'u2', 90],
    [10, 'u2', 150],
    [12, 'u2', 99],
  );
  const satellites = payload(
    8 + 12 * 2,
    [0, 'u4', iTOW],
    [4, 'u1', 2],
    ...[5, 13].flatMap((svid, row) => {
      const at = 8 + 12 * row;
      const cells = [
        [at, 'u1', row],
        [at + 1, 'u1', svid],
        [at + 2, 'u1', 0x0d],
        [at + 3, 'u1', 7],
        [at + 4, 'u1', 41 - row],
        [at + 5, 'i1', 52],
        [at + 6, 'i2', 118],
      ] as const;
      return cells;
    }),
  );
  const hardware = payload(
    68,
    [16, 'u2', 101],
    [18, 'u2', 3_900],
    [20, 'u1', 2],
    [21, 'u1', 1],
    [22, 'u1', 0x04],
    [53, 'u1', 12],
  );
  return bytes(
    ubx(0x01, 0x06, solution),
    ubx(0x01, 0x02, position),
    ubx(0x01, 0x12, velocity),
    ubx(0x01, 0x21, time),
    ...(index % 10 === 0 ? [ubx(0x01, 0x04, dilution), ubx(0x01, 0x30, satellites), ubx(0x0a, 0x09, hardware)] : []),
  );
}

/** A base station: NAV-PVT of fix type 5 (time only, at a surveyed place), MON-RF, SEC-SIG, and its corrections. */
function surveyed(step: Step): Uint8Array {
  const date = new Date(step.utc);
  const solution = payload(
    92,
    [0, 'u4', (step.utc + LEAP_MS - GPS_EPOCH) % WEEK_MS],
    [4, 'u2', date.getUTCFullYear()],
    [6, 'u1', date.getUTCMonth() + 1],
    [7, 'u1', date.getUTCDate()],
    [8, 'u1', date.getUTCHours()],
    [9, 'u1', date.getUTCMinutes()],
    [10, 'u1', date.getUTCSeconds()],
    [11, 'u1', 7],
    [12, 'u4', 20],
    [20, 'u1', 5],
    [21, 'u1', 1],
    [23, 'u1', 27],
    [24, 'i4', 85_417_000],
    [28, 'i4', 473_769_000],
    [32, 'i4', 456_200],
    [36, 'i4', 408_100],
    [40, 'u4', 1_800],
    [44, 'u4', 2_000],
  );
  const rf = payload(28, [1, 'u1', 1], [5, 'u1', 1], [6, 'u1', 2], [7, 'u1', 1], [16, 'u2', 97], [18, 'u2', 4_210]);
  return bytes(
    ubx(0x01, 0x07, solution),
    ubx(0x0a, 0x38, rf),
    ubx(0x27, 0x09, payload(4, [0, 'u1', 2], [1, 'u1', 0x1b])),
    corrections(step),
  );
}

/** AVR text of one aircraft: two positions, a velocity and a DF11 each second. */
function airTraffic(seconds: number): Uint8Array[] {
  const aircraft = new Aircraft(7, { lat: 47.4582, lon: 8.5555 });
  return Array.from({ length: seconds }, (_, second) => {
    const ms = second * 1_000;
    const messages = [
      aircraft.position(ms, false),
      aircraft.position(ms + 500, true),
      aircraft.velocity(ms + 600),
      aircraft.acquisition(),
      aircraft.identification(),
    ];
    return ascii(messages.map((message) => `*${Buffer.from(message).toString('hex').toUpperCase()};\r\n`).join(''));
  });
}

/** FromRadio with a MeshPacket of one of three nodes, after a line of the node's log. */
const meshPacket = (index: number): Uint8Array =>
  bytes(
    `INFO  | ??:??:?? ${index} [RadioIf] Lora RX\r\n`,
    stream(
      varint(1, index + 1),
      group(
        2,
        fixed32(1, 0x433d0fb8 + (index % 3)),
        fixed32(2, 0xffffffff),
        group(4, varint(1, 1), group(2, ascii(`hello ${index}`))),
        fixed32(6, 0x1000 + index),
        fixed32(7, START / 1_000 + index),
        float(8, 6.25 - index),
        varint(9, 3),
        varint(12, -60 - 3 * index),
        varint(15, 3),
      ),
    ),
  );

/** A device that says a recording, a second of it each second, and obeys as the receivers of the simulator do. */
export class RecordedDevice implements Device {
  readonly periodMs = 1_000;
  readonly #pieces: readonly Uint8Array[];
  readonly #commands = new ReceiverCommands(1_000);

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
  }

  epoch(_ms: number, index: number): Uint8Array {
    return this.#pieces[index] ?? new Uint8Array(0);
  }

  answer(command: Uint8Array): Uint8Array {
    return this.#commands.take(command);
  }
}

/** A Unicore receiver says nothing until it is told what, and acknowledges with the command (N4 reference book, "Command response"). */
export class UnicoreDevice implements Device {
  readonly periodMs = 1_000;
  readonly #receiver: Device;
  #isTold = false;

  constructor(receiver: Device) {
    this.#receiver = receiver;
  }

  epoch(ms: number, index: number): Uint8Array {
    const epoch = this.#receiver.epoch(ms, index);
    return this.#isTold ? epoch : new Uint8Array(0);
  }

  answer(command: Uint8Array): Uint8Array {
    const line = Buffer.from(command).toString('latin1').trimEnd();
    if (!/^GP(GGA|RMC|GST|GSA|GSV) \d+$/.test(line)) return nmea(`command,${line},response: PARSING FAILED`);
    this.#isTold = true;
    return nmea(`command,${line},response: OK`);
  }
}
