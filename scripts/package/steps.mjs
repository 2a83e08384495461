/**
 * Takes steps `[name, act]` one after the other until one throws, and returns them with their times; `tell` hears each as
 * it ends. What an act returns is told; what it throws is the trouble.
 */
export async function takeSteps(steps, tell) {
  const taken = [];
  for (const [step, act] of steps) {
    const begun = performance.now();
    const done = { step };
    try {
      done.detail = await act();
    } catch (error) {
      done.trouble = error.message.trim().split('\n').slice(-3).join(' | ');
    }
    done.seconds = (performance.now() - begun) / 1_000;
    taken.push(done);
    tell(done);
    if (done.trouble !== undefined) break;
  }
  return taken;
}
