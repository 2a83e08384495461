import { PROTOCOLS } from '../../dist/protocols/index.js';

const creators = {};
for (const [name, protocol] of Object.entries(PROTOCOLS)) creators[name] = await protocol.loadDecoder();

/** The decoder of a protocol; its code is loaded before anything is timed. */
export const createDecoder = (name, options) => creators[name](options);
