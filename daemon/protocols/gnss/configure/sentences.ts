import type { Answer, Command, Plan, Verdict } from './command.ts';
import { sentenceFrame, textFrame } from './frames.ts';

type Judge = (answer: Answer) => Verdict;

/** What a sentence may hold between $ and *: printable ASCII but the delimiters; its maker's address first. */
const SENTENCE = /^P[A-Z0-9]{2,20}(,[ "#%-)+-~]{0,200})?$/;
const LINE = /^[ -~]{1,200}$/;

/** $PMTK001,command,flag (MediaTek NMEA packet user manual, "PMTK_ACK"). */
const PMTK: Readonly<Record<string, Verdict>> = { 0: 'refused', 1: 'refused', 2: 'refused', 3: 'done' };

/** $PAIR001,command,result (Airoha protocol, e.g. Quectel LC29H GNSS protocol specification, "PAIR_ACK"). */
const PAIR: Readonly<Record<string, Verdict>> = {
  0: 'done',
  1: 'wait',
  2: 'refused',
  3: 'refused',
  4: 'refused',
  5: 'again',
};

/**
 * Sentences that receivers are configured with. PMTK, PAIR and PQTM commands are acknowledged; CASIC ($PCAS), u-blox's
 * $PUBX and others never are, so that having been sent is all that can be said of them.
 */
export function planSentences(bodies: readonly string[]): Plan {
  const good = bodies.filter((body) => SENTENCE.test(body));
  return {
    commands: good.map((name): Command => {
      const judge = judgeOf(name);
      return { name, bytes: sentenceFrame(name), ...(judge === undefined ? {} : { judge }) };
    }),
    problems: bodies.filter((body) => !SENTENCE.test(body)).map((body) => `${body}: no proprietary sentence`),
  };
}

/** Lines for Unicore receivers, which answer $command,line,response: OK (Unicore N4 reference commands manual). */
export function planLines(lines: readonly string[]): Plan {
  return {
    commands: lines
      .filter((line) => LINE.test(line))
      .map((name) => ({ name, bytes: textFrame(name), judge: judgeUnicore(name) })),
    problems: lines.filter((line) => !LINE.test(line)).map((line) => `${line}: no line of text`),
  };
}

function judgeOf(body: string): Judge | undefined {
  const [address = ''] = body.split(',', 1);
  const code = address.slice(4);
  // Set commands are 2xx, 3xx and 8xx; restarts, queries and a change of the baud rate are answered otherwise or not.
  if (/^PMTK(?!251)[238]\d\d$/.test(address)) return judgeNumbered('$PMTK001', code, PMTK);
  if (/^PAIR\d\d\d$/.test(address)) return judgeNumbered('$PAIR001', code, PAIR);
  // $PQTMSRR restarts without a word.
  if (address.startsWith('PQTM') && address !== 'PQTMSRR') return judgeNamed(`$${address}`);
  return undefined;
}

const judgeNumbered =
  (address: string, command: string, verdicts: Readonly<Record<string, Verdict>>): Judge =>
  (answer) => {
    if (answer.type !== 'sentence') return 'other';
    const [name, about = '', flag = ''] = answer.text.split(',');
    return name === address && Number(about) === Number(command) ? (verdicts[flag] ?? 'other') : 'other';
  };

/** $PQTM...,OK or $PQTM...,ERROR,code (Quectel GNSS protocol specifications); a query's answer begins with its name. */
const judgeNamed =
  (address: string): Judge =>
  (answer) => {
    if (answer.type !== 'sentence') return 'other';
    const [name, outcome] = answer.text.split(',');
    if (name !== address) return 'other';
    return outcome === 'ERROR' ? 'refused' : 'done';
  };

const judgeUnicore =
  (line: string): Judge =>
  (answer) => {
    if (answer.type !== 'sentence') return 'other';
    const [, echo, response] = /^\$command,(.*),response:? ?(.*)$/.exec(answer.text) ?? [];
    if (echo === undefined || !line.toLowerCase().startsWith(echo.toLowerCase())) return 'other';
    return response === 'OK' ? 'done' : 'refused';
  };
