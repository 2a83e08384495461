import type { Fields, KindName } from './kinds.ts';

/** What a protocol decoder makes of the wire: one kind's fields, and when the gateway heard it. */
export type Observation = {
  readonly [K in KindName]: {
    readonly kind: K;
    /** Milliseconds since the Unix epoch by the gateway's clock, when the bytes arrived. */
    readonly t: number;
    readonly fields: Fields<K>;
  };
}[KindName];

/** One observation from one source. */
export type Reading = Observation & {
  /** The name that the configuration gives the port or sensor. */
  readonly source: string;
};
