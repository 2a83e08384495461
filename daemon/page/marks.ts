import type { Finding } from '../health/index.ts';
import { type Html, html } from './html.ts';

/** How something is: `off` is neither good nor bad. */
export type Level = 'ok' | 'note' | 'bad' | 'off';

export const SIGNS: Readonly<Record<Level, string>> = { ok: '●', note: '▲', bad: '✕', off: '○' };

/** A word with a sign and a colour that say the same. */
export const mark = (level: Level, word: string): Html =>
  html`<span class="mark ${level}"><span aria-hidden="true">${SIGNS[level]}</span> ${word}</span>`;

export const levelOfFinding = ({ level }: Finding): Level => level;

export function levelOfPort(state: string): Level {
  if (state === 'running') return 'ok';
  return state === 'opening' || state === 'closed' ? 'off' : 'bad';
}

export function levelOfVerdict(verdict: string): Level {
  if (verdict === 'accepted') return 'ok';
  if (verdict === 'duplicate') return 'off';
  return verdict === 'flagged' ? 'note' : 'bad';
}
