/** Forwarded datagrams whose acknowledgement would tell the server's address. */
const MAX_REMEMBERED = 64;
/** A server that has not acknowledged anything for so long may have moved: its name is asked for anew. */
const SILENT_MS = 60_000;

/**
 * The second server, which gets what the forwarder sends, as the forwarder sent it. It is named by host and port; what
 * comes back comes from an address. An address is taken for the server's where it is the one named, or where it has
 * acknowledged a datagram that was passed on, from the port that was named.
 */
export class Upstream {
  readonly #name: string;
  readonly #port: string;
  readonly #sent = new Set<number>();
  #address: string | undefined;
  #heardAt = 0;

  /** @param name host:port */
  constructor(name: string) {
    this.#name = name;
    this.#port = portOf(name);
  }

  /** Whom to send to: the address that answers, since the lookup of a name would hold up the forwarder's own answers. */
  peer(t: number): string {
    return this.#address !== undefined && t - this.#heardAt < SILENT_MS ? this.#address : this.#name;
  }

  /** A datagram with this identifier and token was passed on. */
  passed(id: number, token: number): void {
    const oldest = this.#sent.values().next();
    if (this.#sent.size >= MAX_REMEMBERED && !oldest.done) this.#sent.delete(oldest.value);
    this.#sent.add((id << 16) | token);
  }

  /** `peer` has acknowledged a datagram with this identifier and token. */
  acknowledged(id: number, token: number, peer: string, t: number): void {
    if (!this.#sent.delete((id << 16) | token) || portOf(peer) !== this.#port) return;
    this.#address = peer;
    this.#heardAt = t;
  }

  isServer(peer: string): boolean {
    return peer === this.#name || peer === this.#address;
  }
}

const portOf = (peer: string): string => peer.slice(peer.lastIndexOf(':') + 1);
