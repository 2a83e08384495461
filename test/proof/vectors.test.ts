import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeVectors } from './make-vectors.ts';

const ROOT = fileURLToPath(new URL('../vectors', import.meta.url));

/**
 * `UPDATE_VECTORS=1 npx vitest run test/proof/vectors.test.ts` writes them anew: only with a new version of the format.
 */
const update = process.env['UPDATE_VECTORS'] === '1';

describe.each(['ES256K', 'ES256'] as const)('the vectors of %s', (algorithm) => {
  const folder = `${ROOT}/${algorithm.toLowerCase()}`;

  it('are what the program makes, byte for byte', async () => {
    const files = await makeVectors(algorithm);
    if (update) {
      mkdirSync(folder, { recursive: true });
      for (const [name, content] of files) writeFileSync(`${folder}/${name}`, content);
    }
    expect(readdirSync(folder).sort()).toEqual([...files.keys()].sort());
    for (const [name, content] of files) {
      expect(Buffer.from(content).equals(readFileSync(`${folder}/${name}`)), `${name} differs`).toBe(true);
    }
  });
});
