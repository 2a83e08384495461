// Plain JavaScript against the addon, for what only a process of its own can show. usage: token-child.mjs SCENE MODULE PIN [CONTROL]
import { readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const require = createRequire(import.meta.url);
const addon = require('node-gyp-build')(new URL('../..', import.meta.url).pathname);
const [scene, modulePath, pin, control] = isMainThread ? process.argv.slice(2) : workerData;

const CKA_CLASS = 0;
const CKO_PRIVATE_KEY = 3;
const DIGEST = new Uint8Array(32).fill(1);

async function rule(text) {
  await writeFile(`${control}.child`, `${text}\n`);
  await rename(`${control}.child`, control);
}

async function open() {
  const session = addon.pkcs11Open(modulePath);
  await addon.pkcs11Initialize(session);
  const [token] = (await addon.pkcs11Tokens(session)).filter(({ label }) => label === 'fieldseal');
  await addon.pkcs11OpenSession(session, token.slot, false);
  await addon.pkcs11Login(session, new TextEncoder().encode(pin)).catch((error) => {
    if (error.ckr !== 'CKR_USER_ALREADY_LOGGED_IN') throw error;
  });
  const [key] = await addon.pkcs11Find(session, [[CKA_CLASS, CKO_PRIVATE_KEY]]);
  return { session, key, sign: () => addon.pkcs11Sign(session, key, DIGEST) };
}

const keepAlive = setInterval(() => {}, 1000);

const scenes = {
  /** Ends with a signature that never returns. */
  async hang() {
    const { sign } = await open();
    await rule('hang C_Sign');
    void sign();
    await new Promise((resolve) => setTimeout(resolve, 100));
    console.log('hanging');
  },

  async 'hang-and-exit'() {
    await scenes.hang();
    process.exit(0);
  },

  /** Exits while the token is at work: the library must not be torn down around the call. */
  async 'exit-at-work'() {
    const { sign } = await open();
    await rule('delay C_Sign 400');
    void sign();
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.log(Date.now());
    process.exit(0);
  },

  /** Ends without closing anything. */
  async 'leave-open'() {
    const { sign } = await open();
    console.log((await sign()).length);
  },

  /** Five slow signatures while every file access has to share one thread of libuv's. */
  async 'one-thread'() {
    const { sign } = await open();
    await rule('delay C_Sign 200');
    let signing = true;
    const signed = Promise.all([sign(), sign(), sign()]).finally(() => {
      signing = false;
    });
    const reads = [];
    while (signing) {
      const start = performance.now();
      await readFile(control);
      reads.push(performance.now() - start);
    }
    await signed;
    reads.sort((a, b) => a - b);
    console.log(JSON.stringify({ reads: reads.length, median: reads[reads.length >> 1] }));
  },

  /** Worker threads whose environment ends while their token is at work. */
  async workers() {
    await rule('delay C_Sign 50');
    for (let i = 0; i < 5; i++) {
      const worker = new Worker(new URL(import.meta.url), { workerData: ['in-worker', modulePath, pin, control] });
      await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      await worker.terminate();
    }
    const { sign } = await open();
    console.log((await sign()).length);
  },

  async 'in-worker'() {
    const { sign } = await open();
    const { parentPort } = await import('node:worker_threads');
    for (let i = 0; i < 10; i++) void sign().catch(() => {});
    parentPort.postMessage('signing');
    await new Promise(() => {});
  },

  /** Sessions opened, used and dropped: memory and threads stay where they are. Prints both after a warm-up and at the end. */
  async growth() {
    const measure = async () => {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, 50));
      globalThis.gc();
      const status = await readFile('/proc/self/status', 'utf8');
      const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]);
      return { rssKb: field('VmRSS'), threads: field('Threads') };
    };
    const round = async (times) => {
      for (let i = 0; i < times; i++) {
        const { session, sign } = await open();
        for (let j = 0; j < 5; j++) await sign();
        await sign.call(null);
        await addon.pkcs11Sign(session, 999999n, DIGEST).catch(() => {});
        if (i % 2 === 0) {
          await addon.pkcs11Finalize(session, false);
          addon.pkcs11Stop(session);
        }
        // Every other session is left to the garbage collector.
        if (i % 10 === 0) await measure();
      }
    };
    await round(100);
    const before = await measure();
    await round(300);
    console.log(JSON.stringify({ before, after: await measure() }));
  },
};

await scenes[scene]();
clearInterval(keepAlive);
