import type { Log } from '../log.ts';

/** The doctor tells by findings. */
export const SILENT: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};
