import type { Proof, Reason } from '../../proof/index.ts';
import type { NonceIssuer } from '../nonces.ts';

/**
 * Judges a proof's nonce by when the proof was sealed, not by when it came: a device may have been offline for weeks. A nonce
 * shows that the proof was sealed after it was issued, and counts while the last reading is not later than its expiry. None is
 * no fault: a device has none until its first receipt after a start. By a clock that knows no time nothing is stale.
 */
export function checkNonce({ kid, payload }: Proof, issuer: NonceIssuer): Reason | undefined {
  if (payload.nonce === undefined) return undefined;
  const issued = issuer.issuedAt(kid, payload.nonce);
  if (issued === undefined) return 'nonce-unknown';
  if (payload.clock.source === 'none') return undefined;
  return payload.last - payload.clock.uncertaintyMs > issued + issuer.lifetimeMs ? 'nonce-stale' : undefined;
}
