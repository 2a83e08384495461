import { Crew, type Member } from '../crew.ts';
import type { GatewayStatus } from '../health/index.ts';
import { serveMetrics } from '../metrics-server.ts';

/** What watchers may ask over HTTP, at the address of the configuration in force. */
export class StatusServer {
  readonly #crew = new Crew();
  readonly #status: () => GatewayStatus;
  #listen: string | undefined;
  #member: Member | undefined;

  constructor(status: () => GatewayStatus) {
    this.#status = status;
  }

  /** Serves until the signal. @throws FieldsealError LISTEN_FAILED for the first address */
  run(signal: AbortSignal): Promise<void> {
    return this.#crew.run(signal);
  }

  /** Serves at this address; before run(). */
  begin(listen: string | undefined): void {
    this.#listen = listen;
    if (listen !== undefined) this.#member = this.#crew.start((stop) => this.#serve(listen, stop, () => {}));
  }

  /** Serves at this address from now on. @throws FieldsealError LISTEN_FAILED; the one before is served on then */
  async move(listen: string | undefined): Promise<void> {
    if (listen === this.#listen) return;
    const before = this.#member;
    this.#member =
      listen === undefined ? undefined : await this.#crew.admit((stop, isUp) => this.#serve(listen, stop, isUp));
    this.#listen = listen;
    await before?.stop();
  }

  async #serve(listen: string, stop: AbortSignal, isUp: () => void): Promise<void> {
    const { createMetrics } = await import('../health/metrics.ts');
    await serveMetrics(listen, createMetrics(this.#status), stop, { place: 'health.listen', onListening: isUp });
  }
}
