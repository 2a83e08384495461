/** How often a node is told that somebody listens, where a profile does not say. */
export const HEARTBEAT_MS = 60_000;
