import { brotliCompressSync } from 'node:zlib';
import { encode } from 'cborg';
import { fieldsToJson, readingToJson } from '../../dist/readings/index.js';
import { round } from './measure.mjs';
import { movingFixes, sealAll, withSigner } from './proofs.mjs';

/** Bytes a fix on the wire, in batches of 60 s, beside other forms of the very same readings. */
export async function benchWire() {
  const results = {};
  for (const rateHz of [1, 10]) {
    const fixes = movingFixes(rateHz, 600_000);
    const perBatch = 60 * rateHz;
    const batches = Array.from({ length: 10 }, (_, i) => fixes.slice(i * perBatch, (i + 1) * perBatch));
    const messages = await withSigner('ES256K', (signer) => sealAll(signer, batches));
    const json = batches.map((batch) => JSON.stringify(batch.map((fix) => readingToJson(fix, fix.t))));
    const share = (bytes) => round(bytes / fixes.length);
    results[`${rateHz} Hz`] = {
      fixes: fixes.length,
      fieldseal: share(total(messages)),
      json: share(total(json.map((text) => Buffer.from(text)))),
      jsonBrotli: share(total(json.map((text) => brotliCompressSync(text)))),
      senmlCbor: share(total(batches.map(senmlCbor))),
      senmlCborBrotli: share(total(batches.map((batch) => brotliCompressSync(senmlCbor(batch))))),
    };
  }
  return results;
}

const total = (list) => list.reduce((sum, bytes) => sum + bytes.length, 0);

/** SenML in CBOR (RFC 8428, section 6): base time -3, name 0, value 2, time 6. */
function senmlCbor(batch) {
  const base = batch[0].t / 1_000;
  const records = batch.flatMap((fix) =>
    Object.entries(fieldsToJson(fix.kind, fix.fields)).map(([name, value]) => {
      const record = new Map([
        [0, name],
        [6, fix.t / 1_000 - base],
      ]);
      if (typeof value === 'number') record.set(2, value);
      else record.set(3, String(value));
      return record;
    }),
  );
  records[0].set(-3, base);
  return encode(records);
}
