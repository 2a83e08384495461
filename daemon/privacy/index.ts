export { PrivacyGuard, type PrivacyGuardParts } from './guard.ts';
export { loadZones, PrivacyZones } from './zones.ts';
