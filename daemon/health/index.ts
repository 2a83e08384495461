export { readHostHealth, readSupply } from './host.ts';
export { type Notify, SystemdNotifier } from './systemd.ts';
