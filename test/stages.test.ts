import { describe, expect, it } from 'vitest';
import { aborted } from '../daemon/abort.ts';
import { runStages } from '../daemon/stages.ts';

const never = () => new Promise<void>(() => {});

describe('stages', () => {
  it('stop one after the other', async () => {
    const notes: string[] = [];
    const stage = (name: string) => async (stop: AbortSignal) => {
      await aborted(stop);
      await new Promise((resolve) => setImmediate(resolve));
      notes.push(name);
    };
    const stop = new AbortController();
    const running = runStages(stop.signal, [[stage('read')], [stage('seal')], [stage('deliver')]]);
    stop.abort();
    await running;
    expect(notes).toEqual(['read', 'seal', 'deliver']);
  });

  it('leave behind what hangs beyond the deadline', async () => {
    const stop = new AbortController();
    let late = 0;
    const running = runStages(stop.signal, [[never], [(signal) => aborted(signal)]], {
      deadlineMs: 20,
      onLate: () => {
        late += 1;
      },
    });
    stop.abort();
    await running;
    expect(late).toBe(1);
  });

  it('throw what failed though something else hangs', async () => {
    const onLate = () => {};
    const failing = () => Promise.reject(new Error('broken'));
    await expect(
      runStages(new AbortController().signal, [[never], [failing]], { deadlineMs: 20, onLate }),
    ).rejects.toThrow('broken');
  });

  it('are never late when they end in time', async () => {
    const stop = new AbortController();
    stop.abort();
    await runStages(stop.signal, [[(signal) => aborted(signal)]], {
      deadlineMs: 20,
      onLate: () => {
        throw new Error('late');
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 40));
  });
});
