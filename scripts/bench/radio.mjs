/** Identification, both position formats and velocity, as published with their decoded values in "The 1090 MHz Riddle". */
export const SQUITTERS = [
  '8D4840D6202CC371C32CE0576098',
  '8D40621D58C382D690C8AC2863A7',
  '8D40621D58C386435CC412692AD6',
  '8D485020994409940838175B284F',
];

/** A Beast binary frame: 0x1A, type 3, 6 bytes of counter, signal, 14 bytes; 0x1A is doubled within. */
export function beastFrame(message) {
  const body = [0, 0, 0, 0, 0, 1, 0x80, ...message].flatMap((byte) => (byte === 0x1a ? [byte, byte] : [byte]));
  return Buffer.from([0x1a, 0x33, ...body]);
}

const LORAWAN = Buffer.from('40F17DBE4900020001954378762B11FF0D', 'hex');

/** A PUSH_DATA datagram of the Semtech packet forwarder with one LoRaWAN uplink. */
export function loraDatagram() {
  const rxpk = {
    tmst: 3_512_348_611,
    chan: 2,
    rfch: 0,
    freq: 866.349812,
    stat: 1,
    modu: 'LORA',
    datr: 'SF7BW125',
    codr: '4/6',
    rssi: -35,
    lsnr: 5.1,
    size: LORAWAN.length,
    data: LORAWAN.toString('base64'),
  };
  return Buffer.concat([
    Buffer.from([2, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
    Buffer.from(JSON.stringify({ rxpk: [rxpk] })),
  ]);
}
