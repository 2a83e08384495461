export type { Outcome } from './chain-keeper.ts';
export { type ChallengeOptions, challengeDevice } from './challenge.ts';
export { type DeviceJson, type DeviceList, type DeviceListing, exportDevices, listDevices } from './devices.ts';
export { type Admission, admit, setDeviceState } from './enrolment.ts';
export { Ledger, openLedger } from './ledger/ledger.ts';
export { VerifierService, type VerifierSurroundings } from './service.ts';
