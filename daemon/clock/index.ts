export { Clock, type ClockOptions, type ClockStatus } from './clock.ts';
export { type ClockHost, linuxHost, type NtpClient, type NtpReport } from './host.ts';
export { type ClockStep, type Dated, observeStep } from './step.ts';
