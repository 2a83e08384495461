import Database from 'better-sqlite3';

/** What the verifier accepted, by its own ledger. */
export function acceptedBy(path) {
  const database = new Database(path, { readonly: true });
  try {
    const { proofs, readings } = database
      .prepare("SELECT count(*) AS proofs, coalesce(sum(size), 0) AS readings FROM proofs WHERE verdict = 'accepted'")
      .get();
    const reasons = database
      .prepare("SELECT seq, verdict, reasons FROM proofs WHERE verdict IS NOT 'accepted'")
      .all()
      .map((proof) => `${proof.seq} ${proof.verdict ?? 'held'} ${proof.reasons}`);
    return { proofs, readings, others: reasons.length, reasons };
  } finally {
    database.close();
  }
}

/** Files that happen to be open for a moment; what leaks at each replug is more. */
const TRANSIENT_HANDLES = 8;
/** V8 frees when it likes. */
const RSS_NOISE_MEGABYTES = 24;

const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

/** One line of the ledger for each port. */
export function sourceLedger({ status, device }) {
  const { source, bytes, frameBytes, frames, noise, overflowBytes, readings, reopens, state } = status;
  const written = device.bytes;
  const { unread } = device;
  return {
    ...{ source, state, written, unread, bytes, frameBytes: frameBytes ?? 0, frames: sum(frames) },
    ...{ noiseBytes: sum(noise), noise, overflowBytes, readings: sum(readings), kinds: readings },
    ...{ reopens, unplugs: device.unplugs },
  };
}

/**
 * All that must hold, as sentences with the two numbers that have to be equal.
 *
 * @returns the checks, each with `ok`
 */
export function checkLedger({ sources, sealed, declared, waiting, accepted, outbox, growth }) {
  const check = (what, left, right) => ({ what, left, right, ok: left === right });
  const atMost = (what, left, right) => ({ what, left, right, ok: left <= right });
  const kept = sources.reduce((total, { readings }) => total + readings, 0);
  const lost = declared['signer-backlog'] ?? 0;
  return [
    ...sources.flatMap(({ source, written, unread, bytes, frameBytes, noiseBytes, overflowBytes }) => [
      check(`${source}: bytes written = bytes in + bytes on the wire when unplugged`, written, bytes + unread),
      check(`${source}: bytes in = bytes of frames + noise + overflow`, bytes, frameBytes + noiseBytes + overflowBytes),
    ]),
    check('readings kept = sealed + waiting + declared lost', kept, sealed.readings + waiting + lost),
    check('readings that wait to be sealed = 0', waiting, 0),
    check('proofs sealed = accepted + waiting in the outbox', sealed.proofs, accepted.proofs + outbox),
    check('readings sealed = accepted', sealed.readings, accepted.readings),
    check('proofs that wait in the outbox = 0', outbox, 0),
    check('proofs not accepted = 0', accepted.others, 0),
    atMost('handles in the last quarter, and before', growth.handles[1], growth.handles[0] + TRANSIENT_HANDLES),
    atMost(
      'RSS in the last quarter, and before, in MB',
      growth.rssMegabytes[1],
      growth.rssMegabytes[0] + RSS_NOISE_MEGABYTES,
    ),
    ...sources.map(({ source, readings }) => ({
      what: `${source}: has readings`,
      left: readings,
      right: '> 0',
      ok: readings > 0,
    })),
  ];
}

/** The ledger for people. */
export function inWords({ seed, seconds, sources, sealed, declared, accepted, outbox, checks, absent, growth }) {
  const columns = ['source', 'written', 'unread', 'bytes', 'frameBytes', 'noiseBytes', 'frames', 'readings', 'unplugs'];
  const rows = [columns, ...sources.map((source) => columns.map((column) => String(source[column])))];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index].length)));
  const line = (row) => row.map((cell, index) => cell[index === 0 ? 'padEnd' : 'padStart'](widths[index])).join('  ');
  const noise = sources.map(({ source, noise: reasons }) => `  ${source}: ${reasonsInWords(reasons)}`);
  const failed = checks.filter(({ ok }) => !ok);
  return [
    `Soak of ${seconds} s, seed ${seed}${absent.length > 0 ? `; left out: ${absent.join(', ')}` : ''}`,
    '',
    ...rows.map(line),
    '',
    'Noise, bytes by reason:',
    ...noise,
    '',
    `Sealed ${sealed.readings} readings in ${sealed.proofs} proofs; accepted ${accepted.readings} in ${accepted.proofs}; ` +
      `${outbox} wait; declared lost: ${reasonsInWords(declared)}`,
    `Handles ${growth.handles.join(', then ')}; RSS ${growth.rssMegabytes.join(', then ')} MB (most in the second and last quarter)`,
    '',
    ...failed.map(({ what, left, right }) => `DOES NOT HOLD: ${what}: ${left} and ${right}`),
    failed.length === 0
      ? `It balances: ${checks.length} checks hold.`
      : `${failed.length} of ${checks.length} checks fail.`,
  ].join('\n');
}

function reasonsInWords(counts) {
  const words = Object.entries(counts).map(([reason, count]) => `${reason} ${count}`);
  return words.length === 0 ? 'none' : words.join(', ');
}
