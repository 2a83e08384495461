export { statusMessages } from './status.ts';
export { type Nonce, Uplink, type UplinkParts, type UplinkStats } from './uplink.ts';
