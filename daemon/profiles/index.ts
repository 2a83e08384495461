export { type DeviceProfile, listProfiles, loadProfile, readProfile, SHIPPED_PROFILES } from './load.ts';
export { type ProfileData, profileJsonSchema, profileSchema } from './schema.ts';
