import { describe, expect, it } from 'vitest';
import { aborted } from '../daemon/abort.ts';
import { Crew } from '../daemon/crew.ts';

/** A task that notes its beginning and its end. */
const noting = (notes: string[], name: string) => async (stop: AbortSignal) => {
  notes.push(`${name} begins`);
  await aborted(stop);
  notes.push(`${name} ends`);
};

describe('a crew', () => {
  it('runs members that come before and after it began, and ends them all', async () => {
    const notes: string[] = [];
    const stop = new AbortController();
    const crew = new Crew();
    crew.start(noting(notes, 'a'));
    expect(notes).toEqual([]);
    const running = crew.run(stop.signal);
    const b = crew.start(noting(notes, 'b'));
    crew.start(noting(notes, 'c'));
    await b.stop();
    expect(notes).toEqual(['a begins', 'b begins', 'c begins', 'b ends']);
    stop.abort();
    await running;
    expect(notes.slice(4).sort()).toEqual(['a ends', 'c ends']);
    crew.start(noting(notes, 'late'));
    expect(notes).not.toContain('late begins');
  });

  it('ends the others and throws when one fails', async () => {
    const notes: string[] = [];
    const crew = new Crew();
    crew.start(noting(notes, 'a'));
    crew.start(() => Promise.reject(new Error('broken')));
    await expect(crew.run(new AbortController().signal)).rejects.toThrow('broken');
    expect(notes).toEqual(['a begins', 'a ends']);
  });

  it('goes on when one fails on probation, and not when it fails later', async () => {
    const notes: string[] = [];
    const crew = new Crew();
    crew.start(noting(notes, 'a'));
    const running = crew.run(new AbortController().signal);
    await expect(crew.admit(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    expect(notes).toEqual(['a begins']);
    let fail: (error: Error) => void = () => {};
    const failing = new Promise<void>((_resolve, reject) => {
      fail = reject;
    });
    await crew.admit((_stop, isUp) => {
      isUp();
      return failing;
    });
    fail(new Error('broken'));
    await expect(running).rejects.toThrow('broken');
    expect(notes).toEqual(['a begins', 'a ends']);
  });

  it('does not miss a member that ends by itself', async () => {
    const stop = new AbortController();
    const crew = new Crew();
    const member = crew.start(() => Promise.resolve());
    const running = crew.run(stop.signal);
    await member.stop();
    stop.abort();
    await running;
  });
});
