import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';

export const hasChromium = existsSync(CHROMIUM);

/** What a test that needs a browser adds to its name. */
export const withoutChromium = hasChromium ? '' : ' (skipped: no chromium)';

/** Containers have no namespaces for its sandbox; what it loads is our own page. */
export const openChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
