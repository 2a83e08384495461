import type { Fields, Observation } from '../../../readings/index.ts';
import { LineFramer, type TextLine } from '../../at/lines.ts';
import { MessageCounter } from '../../counter.ts';
import type {
  BeaconRequest,
  ConfigurationState,
  Decoder,
  DecoderOptions,
  DecoderStats,
  Frame,
  NoiseReason,
} from '../../protocol.ts';
import { beaconFields, FAILED, NO_ANSWER, REFUSED, SENT } from '../beacon.ts';
import { readLorawanHeader } from '../lorawan.ts';
import { known, rssiOf, scaled, snrOf } from '../numbers.ts';
import { type PayloadRule, payloadFields, payloadRule } from '../payload.ts';
import { type Outcome, SerialDialogue, type Step } from '../serial-dialogue.ts';
import type { Dialect, Heard, ModemPacket } from './dialect.ts';
import { CHECK_MS, type Radio, readRadio } from './radio.ts';

const RETRY_MS = 2_000;
const MAX_RETRY_MS = 60_000;
const MAX_FAILURES = 32;

/** `closed`: never opened, or a recording; `lost`: set up in vain, to be tried again. */
type State = 'closed' | 'setting-up' | 'listening' | 'transmitting' | 'lost';

const CONFIGURED: Readonly<Record<Exclude<State, 'closed'>, ConfigurationState>> = {
  'setting-up': 'pending',
  listening: 'done',
  transmitting: 'done',
  lost: 'failed',
};

/** A LoRa modem on a serial port: it is set up when the port opens, set up again where it forgets, and listened to throughout. */
export class ModemDecoder implements Decoder {
  readonly #dialect: Dialect;
  readonly #dialogue: SerialDialogue;
  readonly #canSend: boolean;
  readonly #radio: Radio;
  readonly #rule: PayloadRule;
  readonly #checkMs: number;
  readonly #framer = new LineFramer();
  readonly #messages = new MessageCounter();
  readonly #noise: Partial<Record<NoiseReason, number>> = {};
  #state: State = 'closed';
  /** When it is to be checked, or set up again. */
  #next = 0;
  #retryMs = RETRY_MS;
  #ready: Observation[] = [];
  /** Commands that the modem refused or did not answer since the line was opened. */
  readonly #failures = new Set<string>();
  #bytes = 0;
  #frameBytes = 0;
  #lines = 0;

  constructor({ send, settings }: DecoderOptions, dialect: Dialect) {
    this.#dialect = dialect;
    this.#canSend = send !== undefined;
    this.#dialogue = new SerialDialogue((command) => send?.(Buffer.from(`${command}\r\n`, 'latin1')));
    this.#radio = readRadio(settings);
    this.#rule = payloadRule(settings?.['payload']);
    const check = settings?.['check'];
    this.#checkMs = typeof check === 'number' && check > 0 ? check : CHECK_MS;
  }

  get stats(): DecoderStats {
    return {
      bytes: this.#bytes,
      frames: { line: this.#lines },
      messages: this.#messages.totals(),
      noise: { ...this.#noise },
      frameBytes: this.#frameBytes + this.#framer.lineEnds,
      ...(this.#state === 'closed'
        ? {}
        : { configured: CONFIGURED[this.#state], configureFailures: [...this.#failures] }),
    };
  }

  get frameCount(): number {
    return this.#lines;
  }

  opened(t: number): Observation[] {
    this.#failures.clear();
    if (this.#canSend) this.#setUp(t);
    return this.#take();
  }

  push(chunk: Uint8Array, t: number): Observation[] {
    this.#bytes += chunk.length;
    this.#hearAll(this.#framer.push(chunk), t);
    return this.#take();
  }

  quiet(t: number): Observation[] {
    this.#report(this.#dialect.settle(), t);
    return this.#take();
  }

  end(t: number): Observation[] {
    this.#hearAll(this.#framer.end(), t);
    return this.quiet(t);
  }

  tick(t: number): Observation[] {
    this.#dialogue.tick(t);
    if (!this.#dialogue.isBusy && t >= this.#next) {
      if (this.#state === 'lost') this.#setUp(t);
      else if (this.#state === 'listening') this.#say('listening', this.#dialect.check, t);
    }
    return this.#take();
  }

  transmit(beacon: BeaconRequest, t: number): boolean {
    if (this.#state !== 'listening' || this.#dialogue.isBusy) return false;
    if (beacon.payload.length === 0 || beacon.payload.length > 255) return false;
    const { before, send, after } = this.#dialect.beacon(beacon);
    this.#state = 'transmitting';
    this.#dialogue.start([...before, send], t, (outcome, at) => {
      const fields: Fields<'lora.beacon'> = { ...beaconFields(beacon), ...readOutcome(outcome) };
      this.#ready.push({ kind: 'lora.beacon', t: at, fields });
      this.#say('listening', after, at);
    });
    return true;
  }

  /** Whether the modem has said that it took the settings: how another's packets were heard is not known. */
  get #isSetUp(): boolean {
    return this.#state === 'listening' || this.#state === 'transmitting';
  }

  get #listening(): Partial<Fields<'lora.uplink'>> {
    const { frequency, spreadingFactor, bandwidth, codingRate } = this.#radio;
    return known({
      frequency: scaled(frequency, 0, 0, 4_294_967_295),
      spreadingFactor: scaled(spreadingFactor, 0, 0, 12),
      bandwidth: scaled(bandwidth, 0, 0, 10_000_000),
      codingRate: scaled(codingRate, 0, 0, 8),
    });
  }

  #setUp(t: number): void {
    this.#state = 'setting-up';
    this.#say('setting-up', this.#dialect.setUp, t);
  }

  /** A dialogue after which the modem listens, or is to be set up again. */
  #say(state: State, steps: readonly Step[], t: number): void {
    this.#state = state;
    this.#dialogue.start(steps, t, (outcome, at) => {
      if (outcome.result === 'done') {
        this.#state = 'listening';
        this.#next = at + this.#checkMs;
        this.#retryMs = RETRY_MS;
        return;
      }
      const failure = `${outcome.result}: ${outcome.step?.command}`;
      if (this.#failures.size < MAX_FAILURES) this.#failures.add(failure);
      this.#state = 'lost';
      this.#next = at + this.#retryMs;
      this.#retryMs = Math.min(2 * this.#retryMs, MAX_RETRY_MS);
    });
  }

  #hearAll(frames: Iterable<Frame<TextLine>>, t: number): void {
    for (const frame of frames) {
      if (frame.type === 'noise') this.#giveUp(frame.reason, frame.bytes);
      else this.#hear(frame, t);
    }
  }

  /** A line may be heard of itself and answer what was asked. */
  #hear({ text, bytes }: TextLine, t: number): void {
    const heard = this.#dialect.hear(text);
    this.#report(heard?.packet, t);
    const isAnswer = this.#dialogue.hear(text, t);
    if (heard === undefined && !isAnswer) {
      this.#giveUp('malformed', bytes);
      return;
    }
    this.#lines++;
    this.#frameBytes += bytes;
    this.#messages.countText(heard?.message ?? 'answer');
    if (this.#canSend && heard !== undefined && !isAnswer) this.#goOn(heard, t);
  }

  #goOn(heard: Heard, t: number): void {
    if (heard.restarted && this.#state !== 'setting-up' && this.#state !== 'closed') this.#setUp(t);
    else if (heard.next !== undefined && this.#state === 'listening') this.#say('listening', heard.next, t);
  }

  #report(packet: ModemPacket | undefined, t: number): void {
    if (packet === undefined) return;
    // Who hears packets listens.
    if (this.#state === 'listening') this.#next = t + this.#checkMs;
    const fields: Fields<'lora.uplink'> = {
      ...(this.#radio.publicNetwork ? readLorawanHeader(packet.payload) : undefined),
      ...payloadFields(packet.payload, this.#rule),
      ...(this.#isSetUp ? this.#listening : undefined),
      ...known({
        rssi: rssiOf(packet.rssi),
        snr: snrOf(packet.snr),
      }),
    };
    this.#ready.push({ kind: 'lora.uplink', t, fields });
  }

  #giveUp(reason: NoiseReason, bytes: number): void {
    this.#noise[reason] = (this.#noise[reason] ?? 0) + bytes;
  }

  #take(): Observation[] {
    const ready = this.#ready;
    if (ready.length > 0) this.#ready = [];
    return ready;
  }
}

const RESULTS: Readonly<Record<Outcome['result'], number>> = {
  done: SENT,
  refused: REFUSED,
  failed: FAILED,
  'no-answer': NO_ANSWER,
};

function readOutcome({ result, line }: Outcome): Pick<Fields<'lora.beacon'>, 'result' | 'error'> {
  return result === 'done' || line === ''
    ? { result: RESULTS[result] }
    : { result: RESULTS[result], error: line.slice(0, 64) };
}
