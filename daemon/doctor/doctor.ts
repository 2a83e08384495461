import { type ClockHost, linuxHost } from '../clock/index.ts';
import { findHolder } from '../outbox/index.ts';
import { findAccount, ownAccount } from './account.ts';
import { checkBroker } from './checks/broker.ts';
import { checkClock } from './checks/clock.ts';
import { checkConfig } from './checks/config.ts';
import { checkDaemon } from './checks/daemon.ts';
import { checkHost } from './checks/host.ts';
import { checkOutbox } from './checks/outbox.ts';
import { checkPorts } from './checks/ports.ts';
import { checkService } from './checks/service.ts';
import { checkToken } from './checks/token.ts';
import { checkVerifierKey } from './checks/verifier-key.ts';
import { checkWear } from './checks/wear.ts';
import { withStoredCredentials } from './credentials.ts';
import type { Finding } from './finding.ts';
import type { Check, Patient } from './patient.ts';

/** The package's unit runs as this user. */
const SERVICE_ACCOUNT = 'fieldseal';

/** In the order in which they are told. */
const CHECKS: readonly Check[] = [
  checkDaemon,
  checkPorts,
  checkToken,
  checkOutbox,
  checkWear,
  checkClock,
  checkBroker,
  checkVerifierKey,
  checkHost,
  checkService,
];

export interface Examination {
  /** The daemon's configuration file. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly listenMs: number;
  readonly signal: AbortSignal;
  /** Whom the daemon runs as; left out, the package's own user where root asks, else whoever asks. */
  readonly account?: string | undefined;
  readonly root?: string;
  readonly clock?: ClockHost;
}

/** Examines a gateway, all parts at once, and tells part after part. It changes nothing. */
export async function* examine(examination: Examination): AsyncGenerator<Finding> {
  const { file, env, listenMs, signal, root = '', clock = linuxHost } = examination;
  const { findings, config: written } = await checkConfig(file);
  yield* findings;
  if (written === undefined) return;
  const config = await withStoredCredentials(written);
  const own = await ownAccount();
  const name = examination.account ?? (own.uid === 0 ? SERVICE_ACCOUNT : undefined);
  const account = (name === undefined ? undefined : await findAccount(name, root)) ?? own;
  const holder = await findHolder(config.outbox.directory);
  const patient: Patient = { config, account, holder, root, env, clock, listenMs, signal };
  const running = CHECKS.map((check) => check(patient));
  // One that fails as a bug is thrown in its turn.
  for (const one of running) one.catch(() => {});
  for (const one of running) yield* await one;
}
