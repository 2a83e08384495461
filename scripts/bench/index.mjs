// Measures Fieldseal on this machine and prints one JSON object. Medians, in the units that the names say.
// usage: npm run bench [-- decode|peers|wire|verify|seal|daemon|load|backlog|wear ...]     (FIELDSEAL_BENCH_MINUTES: how long load lasts, 1, and wear, 3)
import { cpus } from 'node:os';
import { benchBacklog } from './backlog.mjs';
import { benchDaemon } from './daemon.mjs';
import { benchDecode } from './decode.mjs';
import { benchLoad } from './load.mjs';
import { benchPeers } from './peers.mjs';
import { benchSeal } from './seal.mjs';
import { benchVerify } from './verify.mjs';
import { benchWear } from './wear.mjs';
import { benchWire } from './wire.mjs';

const BENCHES = {
  decode: benchDecode,
  peers: benchPeers,
  wire: benchWire,
  verify: benchVerify,
  seal: benchSeal,
  daemon: benchDaemon,
  load: benchLoad,
  backlog: benchBacklog,
  wear: benchWear,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}
const results = { node: process.version, arch: process.arch, processor: cpus()[0]?.model ?? 'unknown' };
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} ...`);
  results[name] = await bench();
}
console.log(JSON.stringify(results, null, 2));
