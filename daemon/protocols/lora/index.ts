export { meshtastic } from './meshtastic/index.ts';
export { rak3172 } from './modem/rak3172.ts';
export { rn2483 } from './modem/rn2483.ts';
export { wioE5 } from './modem/wio-e5.ts';
export { semtechUdp } from './semtech-udp/index.ts';
