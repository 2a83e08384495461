import { describe, expect, it } from 'vitest';
import { type SignerState, watchForWedge } from '../../daemon/signing/index.ts';

const LIMIT_MS = 200;

describe('a token whose call hangs', () => {
  it('is given up after the time, as something that a new process may mend', async () => {
    const began = performance.now();
    const watching = watchForWedge({ state: 'wedged', holder: 'the token' }, LIMIT_MS, new AbortController().signal);
    expect(await watching).toMatchObject({
      code: 'TOKEN_TIMEOUT',
      isTemporary: true,
      message: expect.stringContaining('the token'),
    });
    expect(performance.now() - began).toBeGreaterThanOrEqual(LIMIT_MS * 0.9);
  });

  it('is not given up where the call comes back in time, again and again', async () => {
    const stop = new AbortController();
    let looks = 0;
    const signer = {
      holder: 'the token',
      get state(): SignerState {
        looks += 1;
        if (looks === 40) stop.abort();
        return looks % 10 === 0 ? 'recovering' : 'wedged';
      },
    };
    expect(await watchForWedge(signer, LIMIT_MS, stop.signal)).toBe(undefined);
    expect(looks).toBe(40);
  });

  it.each<SignerState>(['ready', 'recovering', 'pin-latched'])(
    'is another matter than one that is %s',
    async (state) => {
      expect(await watchForWedge({ state, holder: 'the token' }, 20, AbortSignal.timeout(200))).toBe(undefined);
    },
  );
});
