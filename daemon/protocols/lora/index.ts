export { meshtastic } from './meshtastic/index.ts';
export { rak3172, rn2483, wioE5 } from './modem/index.ts';
export { semtechUdp } from './semtech-udp/index.ts';
