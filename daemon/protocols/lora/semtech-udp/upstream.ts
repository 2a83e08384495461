/** Forwarded datagrams whose acknowledgement would tell the server's address. */
const MAX_REMEMBERED = 64;

/**
 * The second server, which gets what the forwarder sends, as the forwarder sent it. It is named by host and port; what
 * comes back comes from an address. An address is taken for the server's where it is the one named, or where it has
 * acknowledged a datagram that was passed on, from the port that was named.
 */
export class Upstream {
  readonly peer: string;
  readonly #port: string;
  readonly #sent = new Set<number>();
  #address: string | undefined;

  /** @param peer host:port */
  constructor(peer: string) {
    this.peer = peer;
    this.#port = portOf(peer);
  }

  /** A datagram with this identifier and token was passed on. */
  passed(id: number, token: number): void {
    const oldest = this.#sent.values().next();
    if (this.#sent.size >= MAX_REMEMBERED && !oldest.done) this.#sent.delete(oldest.value);
    this.#sent.add((id << 16) | token);
  }

  /** `peer` has acknowledged a datagram with this identifier and token. */
  acknowledged(id: number, token: number, peer: string): void {
    if (this.#sent.delete((id << 16) | token) && portOf(peer) === this.#port) this.#address = peer;
  }

  isServer(peer: string): boolean {
    return peer === this.peer || peer === this.#address;
  }
}

const portOf = (peer: string): string => peer.slice(peer.lastIndexOf(':') + 1);
