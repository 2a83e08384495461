import { describe, expect, it } from 'vitest';
import { type ChainLink, ChainVerifier, linkOf, type ProofInput, parseProof } from '../../daemon/proof/index.ts';
import { testSigner } from './keys.ts';
import { seal } from './samples.ts';

const signer = testSigner('ES256', 0x51);
const epochOf = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

/** The links of a chain of heartbeats; `now` tells one chain's proofs from another's. */
async function chain(length: number, epoch = epochOf(1), now = 1_000): Promise<ChainLink[]> {
  const links: ChainLink[] = [];
  let previous: ProofInput['previous'] = { epoch };
  for (let i = 0; i < length; i++) {
    const { message, head } = await seal(signer, { previous, now });
    previous = head;
    links.push(linkOf(parseProof(message)));
  }
  return links;
}

const judge = (links: readonly ChainLink[]): string[] => {
  const verifier = new ChainVerifier();
  return links.map((link) => verifier.add(link).join('+') || 'good');
};

describe('a chain', () => {
  it('in its order is good', async () => {
    expect(judge(await chain(4))).toEqual(['good', 'good', 'good', 'good']);
  });

  it('with a proof delivered twice has a duplicate', async () => {
    const [a, b] = await chain(2);
    expect(judge([a!, b!, b!, a!])).toEqual(['good', 'good', 'duplicate', 'duplicate']);
  });

  it('with a proof missing has a gap, and none once it has come', async () => {
    const [a, b, c, d] = await chain(4);
    expect(judge([a!, c!, d!, b!])).toEqual(['good', 'gap', 'good', 'good']);
  });

  it('that is first met in its middle has a gap', async () => {
    const [, , c, d] = await chain(4);
    expect(judge([c!, d!])).toEqual(['gap', 'good']);
  });

  it('with two different proofs at one place is an equivocation', async () => {
    const [a, b] = await chain(2);
    const [, other] = await chain(2, epochOf(1), 2_000);
    expect(judge([a!, b!, other!])).toEqual(['good', 'good', 'equivocation']);
  });

  it('whose proof names another predecessor is broken', async () => {
    const [a] = await chain(1);
    const [, other] = await chain(2, epochOf(1), 2_000);
    expect(judge([a!, other!])).toEqual(['good', 'chain']);
  });

  it('whose gap is filled by another proof than its successor names is an equivocation', async () => {
    const [a, , c] = await chain(3);
    const [, other] = await chain(2, epochOf(1), 2_000);
    const forged = { ...other!, prev: a!.digest };
    expect(judge([a!, c!, forged])).toEqual(['good', 'gap', 'equivocation']);
  });

  it('of a new epoch is a restart, told once', async () => {
    const [a, b] = await chain(2);
    const [x, y] = await chain(2, epochOf(2));
    expect(judge([a!, b!, x!, y!])).toEqual(['good', 'good', 'restart', 'good']);
  });

  it('of a new epoch met in its middle is a restart with a gap', async () => {
    const [a] = await chain(1);
    const [, y] = await chain(2, epochOf(2));
    expect(judge([a!, y!])).toEqual(['good', 'restart+gap']);
  });
});
