import type { Observation } from '../../readings/index.ts';
import { parameters, resultName, unquoted } from '../at/result.ts';
import { cellOf, type NeighbourFields, networkCode, type ServingFields } from './cell.ts';
import { quectelCell, type ReportedCell } from './quectel.ts';
import { type Registration, registration, technology } from './registration.ts';
import type { SinrForm } from './settings.ts';
import { type ExtendedQuality, extendedQuality, qualityOf, signalStrength } from './signal.ts';
import { simcomCell } from './simcom.ts';

/** Cells of one round that are kept: a modem hears far fewer. */
const MAX_CELLS = 64;

const RELATION = { unknown: 0, intra: 1, inter: 2, interRat: 3 } as const;

/** Registrations in the order in which they are believed: the newest generation first. */
const REGISTRATIONS = ['+C5GREG', '+CEREG', '+CREG'];

const MAX_TEXT = 64;

/** Answers that tell of one cell a line. */
const MANY: ReadonlySet<string> = new Set(['+QENG', '+CPSI']);

export interface RoundOptions {
  readonly dialect: string;
  readonly lteSinr: SinrForm;
}

/** What a modem has said of its cells in one round of questions; all its answers together make the readings. */
export class CellRound {
  readonly #options: RoundOptions;
  readonly #registrations = new Map<string, Registration>();
  readonly #cells: ReportedCell[] = [];
  /** What has been said, in answers that have ended and in the one that has not. */
  readonly #ended = new Set<string>();
  readonly #current = new Set<string>();
  #operator: string | undefined;
  #network: string | undefined;
  #technology: number | undefined;
  #strength: number | undefined;
  #quality: ExtendedQuality = [];
  /** The technology of the serving cell that was last told of, in this round or an earlier one. */
  #serving: number | undefined;

  constructor(options: RoundOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#ended.size + this.#current.size === 0;
  }

  /** Whether what a line says has been said in this round already. One answer may tell of many cells. */
  has(line: string): boolean {
    const key = keyOf(line);
    return this.#ended.has(key) || (this.#current.has(key) && !MANY.has(resultName(line) ?? ''));
  }

  /** An answer has ended. */
  endAnswer(): void {
    for (const key of this.#current) this.#ended.add(key);
    this.#current.clear();
  }

  /** Takes an information line; a line of another name is left alone. */
  take(line: string): void {
    const name = resultName(line);
    if (name === undefined) return;
    const raw = parameters(line);
    const values = raw.map(unquoted);
    switch (name) {
      case '+CREG':
      case '+CEREG':
      case '+C5GREG': {
        const state = registration(raw, this.#options.dialect);
        if (state === undefined) return;
        this.#registrations.set(name, state);
        break;
      }
      case '+COPS':
        this.#takeOperator(values);
        break;
      case '+CSQ':
        this.#strength = signalStrength(values);
        break;
      case '+CESQ':
        this.#quality = extendedQuality(values);
        break;
      case '+QENG':
        this.#takeCell(quectelCell(values, this.#options.lteSinr, this.#serving));
        break;
      case '+CPSI':
        this.#takeCell(simcomCell(values));
        break;
      default:
        return;
    }
    this.#current.add(keyOf(line));
  }

  /** The readings of the round, which begins anew. */
  finish(t: number, modem: string | undefined): Observation[] {
    const observations: Observation[] = [];
    const primary = this.#primary(modem);
    if (primary !== undefined) observations.push({ kind: 'cell.serving', t, fields: primary });
    for (const { role, cell } of this.#cells) {
      if (role === 'primary') continue;
      if (role === 'secondary') observations.push({ kind: 'cell.serving', t, fields: { ...cell, role: 1 } });
      else observations.push({ kind: 'cell.neighbour', t, fields: { ...cell, relation: this.#relation(role, cell) } });
    }
    this.#registrations.clear();
    this.#cells.length = 0;
    this.#ended.clear();
    this.#current.clear();
    this.#operator = undefined;
    this.#network = undefined;
    this.#technology = undefined;
    this.#strength = undefined;
    this.#quality = [];
    return observations;
  }

  /** +COPS: mode, format, operator, technology (3GPP TS 27.007, 7.3): format 2 is the number of the network. */
  #takeOperator([, format, operator, act]: readonly string[]): void {
    this.#technology = technology(act, this.#options.dialect) ?? this.#technology;
    if (operator === undefined || operator === '') return;
    if (format === '2') this.#network = operator;
    else this.#operator = operator;
  }

  #takeCell(reported: ReportedCell | undefined): void {
    if (reported === undefined || this.#cells.length >= MAX_CELLS) return;
    if (reported.role === 'primary') this.#serving = reported.cell.rat;
    this.#cells.push(reported);
  }

  #primary(modem: string | undefined): ServingFields | undefined {
    const reported = this.#cells.find(({ role }) => role === 'primary')?.cell ?? {};
    const state = this.#state();
    const rat = reported.rat ?? state?.rat ?? this.#technology;
    const network = /^(\d{3})(\d{2,3})$/.exec(this.#network ?? '');
    const known: ServingFields = {
      ...cellOf({
        rat,
        mcc: network === null ? undefined : Number(network[1]),
        mnc: networkCode(network?.[2]),
        tac: state?.tac,
        cellId: state?.cellId,
        rssi: this.#strength,
        ...qualityOf(rat, this.#quality),
      }),
      ...reported,
    };
    if (state !== undefined) known.registration = state.state;
    const operator = fitting(this.#operator);
    if (operator !== undefined) known.operator = operator;
    if (Object.keys(known).length === 0) return undefined;
    const name = fitting(modem);
    if (name !== undefined) known.modem = name;
    if (this.#cells.some(({ role }) => role === 'secondary')) known.role = 0;
    return known;
  }

  /** The registration that says most: one that stands, else one that is sought or denied. */
  #state(): Registration | undefined {
    const states = REGISTRATIONS.flatMap((name) => this.#registrations.get(name) ?? []);
    const stands = ({ state }: Registration): boolean => state === 1 || state === 5;
    return states.find(stands) ?? states.find(({ state }) => state !== 0) ?? states[0];
  }

  #relation(role: ReportedCell['role'], cell: NeighbourFields): number {
    if (cell.rat !== undefined && this.#serving !== undefined && cell.rat !== this.#serving) return RELATION.interRat;
    if (role === 'intra') return RELATION.intra;
    return role === 'inter' ? RELATION.inter : RELATION.unknown;
  }
}

/** What a line is about: its name, and which of the things that go by this name. */
function keyOf(line: string): string {
  const name = resultName(line) ?? '';
  if (name === '+COPS') return `${name} ${parameters(line)[1] ?? ''}`;
  if (name === '+QENG') return `${name} ${unquoted(parameters(line)[0]).split(' ')[0]}`;
  return name;
}

/** A text that is within the bounds of the kinds' table, cut at a character. */
function fitting(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const letters = [...text];
  while (Buffer.byteLength(letters.join('')) > MAX_TEXT) letters.pop();
  return letters.join('');
}
