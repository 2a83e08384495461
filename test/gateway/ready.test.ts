import { describe, expect, it } from 'vitest';
import { loadDaemonConfig } from '../../daemon/config/index.ts';
import { Gateway } from '../../daemon/gateway.ts';
import { DaemonFolder } from '../support/daemon-folder.ts';
import { keptLog } from '../support/kept-log.ts';

/** Runs a gateway whose only port is missing, and gives what systemd was told in the end. */
async function toldBy(readyPatienceMs: number, until: (told: readonly string[]) => boolean): Promise<string[]> {
  const site = await DaemonFolder.make();
  const told: string[] = [];
  const stop = new AbortController();
  const gateway = new Gateway(await loadDaemonConfig(site.configure()), {
    log: keptLog(),
    notify: (state) => {
      told.push(state);
      if (until(told)) stop.abort();
      return true;
    },
    env: {},
    farewellMs: 0,
    readyPatienceMs,
  });
  await gateway.run(stop.signal);
  site.remove();
  return told;
}

describe('a gateway whose device is not there', () => {
  it('is ready all the same when it has waited for it: systemd must not start it anew for ever', async () => {
    const told = await toldBy(300, (sofar) => sofar.includes('READY=1'));
    expect(told.indexOf('READY=1')).toBeGreaterThan(0);
    expect(told.filter((state) => state.startsWith('STATUS=')).at(-1)).toMatch(/^STATUS=gnss (missing|closed); /);
  });

  it('is not ready before, nor when it is told to stop meanwhile', async () => {
    const told = await toldBy(60_000, (sofar) => sofar.some((state) => state.startsWith('STATUS=')));
    expect(told).not.toContain('READY=1');
    expect(told).toContain('STOPPING=1');
  });
});
