import { createSocket } from 'node:dgram';

/** Where chronyd takes questions of its own host (chrony.conf(5), cmdport). */
export const CHRONY_PORT = 323;
const ADDRESS = '127.0.0.1';
const TIMEOUT_MS = 1_000;

// chrony's candm.h, protocol version 6.
const VERSION = 6;
const REQUEST = 1;
const REPLY = 2;
const REQ_TRACKING = 33;
const RPY_TRACKING = 5;
const STT_SUCCESS = 0;
const LEAP_UNSYNCHRONISED = 3;
/** 127.127.1.1: a clock without any reference that its operator calls good enough (chrony.conf(5), local). */
const LOCAL_REFERENCE = 0x7f7f0101;
const REPLY_HEADER = 28;
const REPLY_LENGTH = REPLY_HEADER + 76;

/** What chronyd says of the system clock: RPY_Tracking. */
export interface Tracking {
  /** Whether a reference outside this host vouches for the time. */
  readonly synchronised: boolean;
  readonly stratum: number;
  /** When the reference was last heard, ms since the Unix epoch by the system clock. */
  readonly referenceTime: number;
  /** How far the system clock is off at most, ms: what is being corrected, root dispersion and half the root delay (chronyc(1)). */
  readonly maxErrorMs: number;
}

/** A question for RPY_Tracking. It is as long as the answer, which chronyd demands, so that nobody is flooded with its answers. */
export function trackingRequest(sequence: number): Buffer {
  const request = Buffer.alloc(REPLY_LENGTH);
  request.writeUInt8(VERSION, 0);
  request.writeUInt8(REQUEST, 1);
  request.writeUInt16BE(REQ_TRACKING, 4);
  request.writeUInt32BE(sequence, 8);
  return request;
}

/** Reads the answer to the question of that sequence number; undefined where it is none. */
export function parseTracking(bytes: Buffer, sequence: number): Tracking | undefined {
  if (bytes.length < REPLY_LENGTH) return undefined;
  const answers = bytes.readUInt8(0) === VERSION && bytes.readUInt8(1) === REPLY && bytes.readUInt32BE(16) === sequence;
  const tells = bytes.readUInt16BE(6) === RPY_TRACKING && bytes.readUInt16BE(8) === STT_SUCCESS;
  if (!answers || !tells) return undefined;
  const at = (offset: number): number => REPLY_HEADER + offset;
  const float = (offset: number): number => chronyFloat(bytes.readInt32BE(at(offset)));
  const reference = bytes.readUInt32BE(at(0));
  const leap = bytes.readUInt16BE(at(26));
  const seconds = Math.abs(float(40)) + float(68) + float(64) / 2;
  return {
    synchronised: leap !== LEAP_UNSYNCHRONISED && reference !== LOCAL_REFERENCE && reference !== 0,
    stratum: bytes.readUInt16BE(at(24)),
    referenceTime: chronyTime(bytes, at(28)),
    maxErrorMs: seconds * 1_000,
  };
}

/** Asks the chronyd of this host; undefined where none answers. */
export function askChrony(port = CHRONY_PORT, signal?: AbortSignal): Promise<Tracking | undefined> {
  const sequence = Math.floor(Math.random() * 0x1_0000_0000);
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    const done = (tracking?: Tracking): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
      socket.removeAllListeners();
      // What the closing of a socket still says is of no interest to anyone.
      socket.on('error', () => {});
      socket.close();
      resolve(tracking);
    };
    const giveUp = (): void => done();
    const timer = setTimeout(giveUp, TIMEOUT_MS);
    socket.on('error', giveUp);
    socket.on('message', (bytes) => {
      const tracking = parseTracking(bytes, sequence);
      if (tracking !== undefined) done(tracking);
    });
    // Connected, so that nobody but the port asked is heard, and a port where nobody listens says so at once.
    socket.connect(port, ADDRESS, () => socket.send(trackingRequest(sequence)));
    if (signal?.aborted === true) giveUp();
    else signal?.addEventListener('abort', giveUp, { once: true });
  });
}

/** candm.h, Float: a signed exponent of 7 bits and a signed coefficient of 25, without a hidden bit: 2^(exponent - 25) * coefficient. */
function chronyFloat(bits: number): number {
  return 2 ** ((bits >> 25) - 25) * ((bits << 7) >> 7);
}

/** candm.h, Timespec: seconds in two halves, nanoseconds; the upper half is 0x7fffffff where seconds have but 32 bits. */
function chronyTime(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32BE(at);
  const seconds = (high === 0x7fff_ffff ? 0 : high * 0x1_0000_0000) + bytes.readUInt32BE(at + 4);
  return seconds * 1_000 + bytes.readUInt32BE(at + 8) / 1e6;
}
