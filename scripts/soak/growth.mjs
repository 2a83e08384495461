import { readdirSync } from 'node:fs';

const SAMPLE_MS = 200;

/** Watches this process's handles and memory, in quarters of the time that it watches. */
export class Growth {
  #samples = [];
  #timer;

  start() {
    this.#timer = setInterval(() => {
      this.#samples.push({ handles: readdirSync('/proc/self/fd').length, rss: process.memoryUsage.rss() });
    }, SAMPLE_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** The most of the second quarter, when all is warm, and of the last. */
  get summary() {
    const quarter = this.#samples.length >> 2;
    const [early, late] = [this.#samples.slice(quarter, 2 * quarter), this.#samples.slice(-quarter)];
    const most = (samples, name) => samples.reduce((max, sample) => Math.max(max, sample[name]), 0);
    return {
      handles: [most(early, 'handles'), most(late, 'handles')],
      rssMegabytes: [early, late].map((samples) => Math.round(most(samples, 'rss') / 1e5) / 10),
    };
  }
}
