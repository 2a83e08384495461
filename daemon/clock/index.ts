export { Clock, type ClockHost } from './clock.ts';
