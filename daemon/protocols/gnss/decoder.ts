import type { Observation } from '../../readings/index.ts';
import { MessageCounter } from '../counter.ts';
import type { Decoder, DecoderOptions, DecoderStats, Frame, NoiseReason } from '../protocol.ts';
import { Accelerometer } from './accelerometer.ts';
import { type Answer, Configurator, planConfiguration } from './configure/index.ts';
import { Epoch } from './epoch.ts';
import { type GnssFrame, GnssFramer } from './framer.ts';
import { addressOf } from './nmea/address.ts';
import { NmeaDecoder } from './nmea/index.ts';
import { Rtcm3Decoder } from './rtcm3/index.ts';
import { ReceiverClock } from './time.ts';
import { UbxDecoder } from './ubx/index.ts';

/** Decodes a GNSS receiver's port, on which NMEA 0183, UBX, RTCM3, ASCII logs and accelerometer lines come mixed. */
export class GnssDecoder implements Decoder {
  readonly #framer = new GnssFramer();
  readonly #nmea = new NmeaDecoder();
  readonly #ubx = new UbxDecoder();
  readonly #accelerometer: Accelerometer;
  /** Left out where nothing has to be told, or nobody is there to tell it to. */
  readonly #configurator: Configurator | undefined;
  readonly #epoch: Epoch;
  readonly #rtcm3: Rtcm3Decoder;
  readonly #messages = new MessageCounter();
  readonly #noise: Partial<Record<NoiseReason, number>> = {};
  #bytes = 0;
  #sentences = 0;
  #ubxFrames = 0;
  #rtcm3Frames = 0;
  #logs = 0;
  #gsensorLines = 0;

  constructor(options: DecoderOptions) {
    this.#epoch = new Epoch(new ReceiverClock(options.referenceTime));
    this.#accelerometer = new Accelerometer(options.settings);
    const { configure, send } = options;
    this.#configurator =
      configure === undefined || send === undefined ? undefined : new Configurator(planConfiguration(configure), send);
    this.#rtcm3 = new Rtcm3Decoder(options.referenceTime, this.#epoch);
  }

  get stats(): DecoderStats {
    const noise = { ...this.#noise };
    const unreported = this.#framer.unreported;
    if (unreported !== undefined) noise[unreported.reason] = (noise[unreported.reason] ?? 0) + unreported.bytes;
    return {
      bytes: this.#bytes,
      frames: this.#frames(),
      messages: this.#messages.totals(),
      noise,
      frameBytes: this.#framer.framedBytes,
      undated: this.#epoch.undated,
      ...(this.#configurator === undefined
        ? {}
        : { configured: this.#configurator.state, configureFailures: [...this.#configurator.failures] }),
    };
  }

  get frameCount(): number {
    return this.#sentences + this.#ubxFrames + this.#rtcm3Frames + this.#logs + this.#gsensorLines;
  }

  opened(t: number): Observation[] {
    this.#configurator?.opened(t);
    return [];
  }

  tick(t: number): Observation[] {
    this.#configurator?.tick(t);
    return [];
  }

  push(chunk: Uint8Array, t: number): Observation[] {
    this.#bytes += chunk.length;
    this.#decode(this.#framer.push(chunk), t);
    return this.#epoch.take();
  }

  /** The epoch is closed: no receiver pauses inside its burst. What still comes of it makes no second fix. */
  quiet(t: number): Observation[] {
    this.#decode(this.#framer.settle(), t);
    this.#close();
    return this.#epoch.take();
  }

  end(t: number): Observation[] {
    this.#decode(this.#framer.end(), t);
    this.#close();
    return this.#epoch.take();
  }

  /** A frame shows that the device is there, and may be its answer. */
  #configure(frame: GnssFrame, t: number): void {
    const configurator = this.#configurator;
    if (configurator === undefined) return;
    if (configurator.isWaiting) {
      const answer = answerOf(frame);
      if (answer !== undefined) configurator.answer(answer, t);
    } else configurator.heard(t);
  }

  /** The framings that few receivers speak are told only where they have been met. */
  #frames(): Record<string, number> {
    const frames: Record<string, number> = { nmea: this.#sentences, ubx: this.#ubxFrames, rtcm3: this.#rtcm3Frames };
    if (this.#logs > 0) frames['log'] = this.#logs;
    if (this.#gsensorLines > 0) frames['gsensor'] = this.#gsensorLines;
    return frames;
  }

  #close(): void {
    this.#epoch.close();
    this.#rtcm3.close(this.#epoch);
  }

  #decode(frames: Iterable<Frame<GnssFrame>>, t: number): void {
    const epoch = this.#epoch;
    epoch.arrive(t);
    for (const frame of frames) {
      if (frame.type !== 'noise') this.#configure(frame, t);
      switch (frame.type) {
        case 'nmea':
          this.#sentences++;
          this.#nmea.decode(frame.buffer, frame.start, frame.end, epoch, this.#messages);
          break;
        case 'ubx':
          this.#ubxFrames++;
          this.#ubx.decode(frame.buffer, frame.start, frame.end, epoch, this.#messages);
          break;
        case 'rtcm3':
          this.#rtcm3Frames++;
          this.#rtcm3.decode(frame.buffer, frame.start, frame.end, epoch, this.#messages);
          break;
        case 'log':
          this.#logs++;
          this.#messages.countText(addressOf(frame.buffer, frame.start, frame.end));
          break;
        case 'gsensor':
          this.#gsensorLines++;
          this.#accelerometer.decode(frame.buffer, frame.start, frame.end, epoch, this.#messages);
          break;
        case 'noise':
          this.#noise[frame.reason] = (this.#noise[frame.reason] ?? 0) + frame.bytes;
      }
    }
  }
}

const UBX_ACK = 0x05;
const UBX_ACK_LENGTH = 10;
const LETTER_P = 0x50;
const LETTER_C = 0x63;

/** What a frame says of a command: a UBX-ACK, a proprietary sentence, or Unicore's $command. */
function answerOf({ type, buffer, start, end }: GnssFrame): Answer | undefined {
  if (type === 'ubx') {
    if (buffer[start + 2] !== UBX_ACK || end - start < UBX_ACK_LENGTH) return undefined;
    const code = ((buffer[start + 6] ?? 0) << 8) | (buffer[start + 7] ?? 0);
    return { type, code, ok: buffer[start + 3] === 1 };
  }
  const letter = buffer[start + 1];
  if (type !== 'nmea' || (letter !== LETTER_P && letter !== LETTER_C)) return undefined;
  return { type: 'sentence', text: Buffer.from(buffer.subarray(start, end - 3)).toString('latin1') };
}
