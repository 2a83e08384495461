import { isIP } from 'node:net';

/**
 * Whether a Host header names this machine in a way that no foreign web page can bring about: by an IP address, as localhost, or by its
 * own name. A page elsewhere that has its own name resolve to our address (DNS rebinding) comes with that name.
 */
export function isOwnHost(header: string | undefined, hostname: string): boolean {
  const host = header?.replace(/:\d{1,5}$/, '').toLowerCase();
  if (host === undefined) return false;
  if (isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0) return true;
  const own = hostname.toLowerCase();
  return host === 'localhost' || host === own || host === `${own}.local`;
}
