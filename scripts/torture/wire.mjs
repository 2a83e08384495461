import mqtt from 'mqtt';
import { parseProof, publicKeyFromJson, verifyReceipt } from '../../dist/proof/index.js';

const hex = (bytes) => Buffer.from(bytes).toString('hex');

/** Hears what device and verifier say to one another, and holds it against the rules. It comes back when the broker does. */
export class Wire {
  proofs = 0;
  receipts = 0;
  /** What broke a rule, in words. */
  offences = [];
  #client;
  #verifierKey;
  #mayRestart;
  /** Epoch and seq to the bytes that went out first; digest to its accepting receipt. */
  #messages = new Map();
  #accepting = new Map();

  /** @param mayRestart proofs may begin epochs of their own, which the verifier flags */
  constructor(url, verifierJwk, { mayRestart }) {
    this.#mayRestart = mayRestart;
    this.#verifierKey = publicKeyFromJson(verifierJwk);
    this.#client = mqtt.connect(url, { reconnectPeriod: 50, clientId: `rack-${process.pid}`, protocolVersion: 5 });
    this.#client.on('error', () => {});
    this.#client.on('connect', () => this.#client.subscribe('#', { qos: 1 }));
    this.#client.on('message', (topic, payload) => {
      if (topic.endsWith('/proof')) this.#takeProof(payload);
      if (topic.endsWith('/receipt')) this.#takeReceipt(payload);
    });
  }

  stop() {
    return this.#client.endAsync(true);
  }

  #takeProof(message) {
    this.proofs += 1;
    const { epoch, seq } = parseProof(message).payload;
    const place = `${hex(epoch)} ${seq}`;
    const first = this.#messages.get(place);
    if (first === undefined) this.#messages.set(place, message);
    else if (!first.equals(message)) this.offences.push(`proof ${seq} was published with other bytes`);
  }

  #takeReceipt(message) {
    this.receipts += 1;
    const { digest, verdict, seq, reasons } = verifyReceipt(message, this.#verifierKey);
    if (verdict === 'duplicate') return;
    const isRestart = this.#mayRestart && seq === 0 && reasons.length === 1 && reasons[0] === 'restart';
    if (verdict !== 'accepted' && !isRestart) this.offences.push(`proof ${seq} was ${verdict}: ${reasons.join(', ')}`);
    const first = this.#accepting.get(hex(digest));
    if (first === undefined) this.#accepting.set(hex(digest), message);
    else if (!first.equals(message)) this.offences.push(`proof ${seq} was accepted twice`);
  }
}
