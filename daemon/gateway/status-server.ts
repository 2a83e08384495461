import { Crew, type Member } from '../crew.ts';
import { type HttpHandler, serveHttp } from '../http-server.ts';
import { type ReportParts, runtimeSocket, statusRoutes } from '../page/index.ts';

/** What watchers may ask over HTTP: at the address of the configuration in force, and at a socket where systemd gives a folder for it. */
export class StatusServer {
  readonly #crew = new Crew();
  readonly #routes: HttpHandler;
  readonly #socket: string | undefined;
  #listen: string | undefined;
  #member: Member | undefined;

  /** @param env gives RUNTIME_DIRECTORY (systemd.exec(5)) */
  constructor(parts: ReportParts, env: Readonly<Record<string, string | undefined>>) {
    this.#routes = statusRoutes(parts);
    this.#socket = runtimeSocket(env);
  }

  /** Serves until the signal. @throws FieldsealError LISTEN_FAILED for the first address */
  run(signal: AbortSignal): Promise<void> {
    return this.#crew.run(signal);
  }

  /** Serves at this address; before run(). */
  begin(wanted: string | undefined): void {
    const listen = this.#besides(wanted);
    this.#listen = listen;
    const socket = this.#socket;
    if (socket !== undefined) {
      this.#crew.start((stop) => serveHttp(socket, this.#routes, stop, { place: 'RUNTIME_DIRECTORY' }));
    }
    if (listen !== undefined) this.#member = this.#crew.start((stop) => this.#serve(listen, stop, () => {}));
  }

  /** Serves at this address from now on. @throws FieldsealError LISTEN_FAILED; the one before is served on then */
  async move(wanted: string | undefined): Promise<void> {
    const listen = this.#besides(wanted);
    if (listen === this.#listen) return;
    const before = this.#member;
    this.#member =
      listen === undefined ? undefined : await this.#crew.admit((stop, isUp) => this.#serve(listen, stop, isUp));
    this.#listen = listen;
    await before?.stop();
  }

  /** Where to serve besides the socket. */
  #besides(listen: string | undefined): string | undefined {
    return listen === this.#socket ? undefined : listen;
  }

  async #serve(listen: string, stop: AbortSignal, isUp: () => void): Promise<void> {
    await serveHttp(listen, this.#routes, stop, { place: 'health.listen', onListening: isUp });
  }
}
