import type { Observation } from '../../readings/index.ts';
import { AtDialogue, type Exchange } from '../at/dialogue.ts';
import { LineFramer, type TextLine } from '../at/lines.ts';
import { resultName } from '../at/result.ts';
import { MessageCounter } from '../counter.ts';
import type { Decoder, DecoderOptions, DecoderStats, Frame, NoiseReason } from '../protocol.ts';
import { ModemConfiguration } from './configuration.ts';
import { CellRound, type RoundOptions } from './round.ts';
import { DEFAULT_INTERVAL_MS, SINR_FORMS } from './settings.ts';

/** No echo, errors in numbers or words, the model, and areas and cells in the answers about registration. */
const SETUP = ['AT', 'ATE0', 'AT+CMEE=1', 'AT+CGMM', 'AT+CREG=2', 'AT+CEREG=2', 'AT+C5GREG=2'];

const QUESTIONS = [
  'AT+CREG?',
  'AT+CEREG?',
  'AT+C5GREG?',
  'AT+COPS=3,0',
  'AT+COPS?',
  'AT+COPS=3,2',
  'AT+COPS?',
  'AT+CSQ',
  'AT+CESQ',
];

const VENDOR_QUESTIONS: Readonly<Record<string, readonly string[]>> = {
  quectel: ['AT+QENG="servingcell"', 'AT+QENG="neighbourcell"'],
  simcom: ['AT+CPSI?'],
};

/** Modems answer these within 300 ms; while they search for networks, later. */
const ANSWER_MS = 5_000;

/** So many commands without an answer: the modem is away, and is set up anew in the next round. */
const MAX_SILENCE = 3;

/** A modem that says this has just started, and has forgotten its settings. */
const STARTED: ReadonlySet<string> = new Set(['RDY', 'APP RDY']);

/**
 * Decodes a cellular modem's AT port. Where it may send, it sets the modem up and asks it in rounds; each round makes one
 * cell.serving and the neighbours. Where it only listens, it reads the answers and unsolicited codes as they come, and a
 * round ends when something is said again, or the line is quiet.
 */
export class CellularDecoder implements Decoder {
  readonly #framer = new LineFramer();
  readonly #dialogue: AtDialogue;
  readonly #round: CellRound;
  readonly #asks: boolean;
  readonly #questions: readonly string[];
  readonly #intervalMs: number;
  readonly #configuration: ModemConfiguration;
  readonly #messages = new MessageCounter();
  readonly #noise: Partial<Record<NoiseReason, number>> = {};
  #bytes = 0;
  #lines = 0;
  #lineBytes = 0;
  #queue: string[] = [];
  #isSetUp = false;
  #silence = 0;
  #roundAt: number | undefined;
  #modem: string | undefined;
  #observations: Observation[] = [];

  constructor({ send, settings, configure }: DecoderOptions) {
    const options = roundOptions(settings);
    const interval = settings?.['interval'];
    this.#asks = send !== undefined;
    this.#configuration = new ModemConfiguration(send === undefined ? [] : configure?.lines);
    this.#dialogue = new AtDialogue(send);
    this.#round = new CellRound(options);
    this.#questions = [...QUESTIONS, ...(VENDOR_QUESTIONS[options.dialect] ?? [])];
    this.#intervalMs = typeof interval === 'number' ? interval : DEFAULT_INTERVAL_MS;
  }

  get stats(): DecoderStats {
    const configured = this.#configuration.state;
    return {
      bytes: this.#bytes,
      frames: { at: this.#lines },
      messages: this.#messages.totals(),
      noise: { ...this.#noise },
      frameBytes: this.#lineBytes + this.#framer.lineEnds,
      ...(configured === undefined ? {} : { configured, configureFailures: this.#configuration.failures }),
    };
  }

  get frameCount(): number {
    return this.#lines;
  }

  push(chunk: Uint8Array, t: number): Observation[] {
    this.#bytes += chunk.length;
    this.#read(this.#framer.push(chunk), t);
    return this.#take();
  }

  quiet(t: number): Observation[] {
    if (!this.#asks) this.#finishRound(t);
    return this.#take();
  }

  end(t: number): Observation[] {
    this.#read(this.#framer.end(), t);
    this.#finishRound(t);
    return this.#take();
  }

  opened(t: number): Observation[] {
    this.#finishRound(t);
    this.#dialogue.reset();
    this.#queue = [];
    this.#isSetUp = false;
    this.#roundAt = undefined;
    return this.tick(t);
  }

  tick(t: number): Observation[] {
    if (!this.#asks) return [];
    this.#dialogue.tick(t);
    this.#settle(t);
    const isDue = this.#roundAt === undefined || t >= this.#roundAt + this.#intervalMs || t < this.#roundAt;
    if (isDue && !this.#dialogue.isBusy && this.#queue.length === 0) {
      this.#roundAt = t;
      const setup = this.#isSetUp ? [] : [...SETUP, ...this.#configuration.begin()];
      this.#queue = [...setup, ...this.#questions];
      this.#isSetUp = true;
      this.#askNext(t);
    }
    return this.#take();
  }

  #read(frames: Iterable<Frame<TextLine>>, t: number): void {
    for (const frame of frames) {
      if (frame.type === 'noise') this.#giveUp(frame.reason, frame.bytes);
      else this.#takeLine(frame, t);
    }
  }

  #takeLine({ text, bytes }: TextLine, t: number): void {
    const role = this.#dialogue.take(text);
    if (role === 'stray') {
      this.#giveUp('malformed', bytes);
      return;
    }
    this.#lines++;
    this.#lineBytes += bytes;
    this.#messages.countText(role === 'echo' ? 'echo' : nameOf(text));
    if (role === 'information' || role === 'unsolicited') {
      if (!this.#asks && this.#round.has(text)) this.#finishRound(t);
      this.#round.take(text);
    }
    if (STARTED.has(text)) this.#isSetUp = false;
    if (role === 'final') this.#round.endAnswer();
    this.#settle(t);
  }

  /** Learns from the exchange that has ended, if one has, and goes on with the next command. */
  #settle(t: number): void {
    const exchange = this.#dialogue.finished();
    if (exchange === undefined) return;
    this.#learn(exchange);
    if (!this.#asks) return;
    const again = this.#configuration.learn(exchange);
    if (again !== undefined) this.#queue.unshift(again);
    if (this.#silence >= MAX_SILENCE) {
      this.#queue = [];
      this.#isSetUp = false;
    }
    if (this.#queue.length > 0) this.#askNext(t);
    else this.#finishRound(t);
  }

  #learn({ command, outcome, lines }: Exchange): void {
    this.#silence = outcome === 'timeout' ? this.#silence + 1 : 0;
    if (outcome === 'timeout') this.#messages.countText('no-answer');
    if (outcome !== 'ok' || !/^AT\+CGMM$/i.test(command)) return;
    const model = lines[0]
      ?.replace(/^\+CGMM:/, '')
      .replaceAll('"', '')
      .trim();
    if (model !== undefined && model !== '') this.#modem = model;
  }

  #askNext(t: number): void {
    const command = this.#queue.shift();
    if (command !== undefined) this.#dialogue.ask(command, t, ANSWER_MS);
  }

  #finishRound(t: number): void {
    if (!this.#round.isEmpty) this.#observations.push(...this.#round.finish(t, this.#modem));
  }

  #giveUp(reason: NoiseReason, bytes: number): void {
    this.#noise[reason] = (this.#noise[reason] ?? 0) + bytes;
  }

  #take(): Observation[] {
    const observations = this.#observations;
    this.#observations = [];
    return observations;
  }
}

function nameOf(text: string): string {
  return resultName(text) ?? (text === 'OK' || text === 'ERROR' ? text : 'text');
}

function roundOptions(settings: DecoderOptions['settings']): RoundOptions {
  const dialect = settings?.['dialect'];
  const form = settings?.['lteSinr'];
  return {
    dialect: typeof dialect === 'string' ? dialect : 'generic',
    lteSinr: SINR_FORMS.find((known) => known === form) ?? 'omit',
  };
}
