import type { Log } from '../../daemon/log.ts';

/** A log that keeps its lines for the test to look at. */
export interface KeptLog extends Log {
  readonly lines: { readonly level: string; readonly phrase: string; readonly fields: object }[];
}

export function keptLog(lines: KeptLog['lines'] = []): KeptLog {
  const keep = (level: string) => (fields: object, phrase: string) => {
    lines.push({ level, phrase, fields });
  };
  return {
    lines,
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
    child: () => keptLog(lines),
  };
}
