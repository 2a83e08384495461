/** What a device and its verifier exchange, one topic each. */
export const TOPIC_LEAVES = ['proof', 'receipt', 'challenge', 'status'] as const;
export type TopicLeaf = (typeof TOPIC_LEAVES)[number];

export interface DeviceTopic {
  /** The device's id: 43 base64url characters (docs/proof-format.md, Topics). */
  readonly kid: string;
  readonly leaf: TopicLeaf;
}

const KID = /^[A-Za-z0-9_-]{43}$/;

/** `{prefix}/{kid}/{leaf}` (docs/proof-format.md, Topics). */
export function deviceTopic(prefix: string, kid: string, leaf: TopicLeaf): string {
  return `${prefix}/${kid}/${leaf}`;
}

/** The filter that matches one leaf of every device. */
export function anyDeviceFilter(prefix: string, leaf: TopicLeaf): string {
  return `${prefix}/+/${leaf}`;
}

/** Takes a topic apart; undefined for whatever is not a device's topic under this prefix. */
export function parseDeviceTopic(prefix: string, topic: string): DeviceTopic | undefined {
  if (!topic.startsWith(`${prefix}/`)) return undefined;
  const [kid, name, ...more] = topic.slice(prefix.length + 1).split('/');
  const leaf = TOPIC_LEAVES.find((known) => known === name);
  if (kid === undefined || leaf === undefined || more.length > 0 || !KID.test(kid)) return undefined;
  return { kid, leaf };
}
