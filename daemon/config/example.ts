/** The annotated configuration of the daemon, as `fieldseal config example` prints it. */
export const DAEMON_EXAMPLE = `# Fieldseal, the daemon on the gateway. Relative paths start at this file's folder.
# Durations are written with their unit (ms, s, m, h, d), sizes with theirs (B, kB, MB, GB).

# The key that signs. RFC 7512 names a token's key; "file:PATH" is a software key, for development only. "pin-source=credential:pin" is
# a credential of systemd's (LoadCredential=), and so may be any file with a secret below.
signer:
  uri: "pkcs11:token=fieldseal;object=device?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/fieldseal/pin"
  algorithm: ES256K # ES256K (secp256k1) or ES256 (P-256); a key on another curve is refused
  timeout: 30s # a token that takes longer for one signature has failed
  restartAfter: 10m # a token that hangs for so long ends the daemon with code 75, to be started anew; 0s: never
  # kid: the device's id; where set, a token that holds another key is refused

# A gateway preset names ports and cameras ready to be used; ports and cameras below of the same source change them, others are
# added. With a preset, a port's profile may be left out, and so may ports. \`fieldseal profiles list\` names the presets.
# preset: gateways/outdoor-hotspot

# What is read. A source's name goes into every reading; \`fieldseal profiles list\` names the profiles.
ports:
  - source: gnss
    path: /dev/serial/by-id/usb-u-blox_AG_u-blox_GNSS_receiver-if00
    profile: gnss/ublox-neo-m9n
    # evidence: # the raw bytes too: their hash becomes a reading, the latest of them stay on disk for an auditor
    #   directory: /var/lib/fieldseal/evidence
    #   maxBytes: 64MB # of this source
    #   every: 60s # a source.evidence reading
  # - source: gnss-spare
  #   path: /dev/ttyS0 # or auto (by the profile's USB ids), tcp://HOST:PORT, udp://[HOST]:PORT to listen on, or
  #   profile: gnss/generic-nmea # file:RECORDING?speed=1

# Folders into which cameras write: finished images and clips are sealed by their hash and stay where they are.
cameras: []
# cameras:
#   - source: dashcam # the name that its readings carry
#     folder: /media/dashcam # with all folders below it
#     profile: dashcam/camera-folder # this is the default; what follows is the profile's where it is left out
#     settle: 2s # a file that did not change for so long is finished
#     maxFixAge: 10s # a fix further than this from a file's time is not the fix at that time
#     types: [jpg, mp4] # endings that count; left out, those of common images and clips
#     state: /var/lib/fieldseal/camera-dashcam.journal # remembers what is sealed; this is the default, beside the outbox

# Zones in which neither positions nor camera frames are recorded; proofs declare how many, without the place.
privacy:
  zones: []
  # zones:
  #   - name: home
  #     circle: { lat: 47.3769, lon: 8.5417, radius: 500 } # degrees and metres
  #   - name: works
  #     geojson: /etc/fieldseal/works.geojson # polygons (RFC 7946)
  # state: /var/lib/fieldseal/privacy.json # remembers when the gateway was within a zone; this is the default

# More folders with device profiles, searched before those that come with Fieldseal.
profileFolders: []

# Readings are sealed together: at whichever limit comes first, and at shutdown.
batching:
  maxAge: 60s
  maxReadings: 5000 # 20000 at most
  maxBytes: 96kB # of rows; 100kB at most, so that a message stays below every broker's limit

# Proofs on disk, until their receipts come.
outbox:
  directory: /var/lib/fieldseal/outbox
  maxBytes: 1GB # beyond it proofs are dropped, and the next proof declares which
  maxAge: 30d # older ones are dropped as well
  drop: oldest # which go when there is no room: the oldest, or the newest, the one that has just been made
  memory: 8MB # held in memory while the disk takes nothing

# Readings that are not sealed yet, kept beside the outbox for the case that the power goes, or the token is away.
journal:
  interval: 1s # brought to the disk so often: what a power cut takes at most; 0s is never
  maxBytes: 64MB # beyond it readings are dropped, the oldest or newest as of outbox.drop, which the next proof declares

mqtt:
  url: mqtts://broker.example:8883 # mqtt, mqtts, ws or wss
  version: auto # auto (5, then 3.1.1 where the broker refuses 5), 5 or 3.1.1
  # clientId: fieldseal-attic # by default made from the device's id
  # username: gateway-17
  # passwordFile: /etc/fieldseal/mqtt-password
  tls: {}
  # tls:
  #   ca: /etc/fieldseal/ca.pem # by default the certificate authorities of the system
  #   cert: /etc/fieldseal/client.pem # a client certificate, with its key
  #   key: /etc/fieldseal/client.key
  #   serverName: broker.example # where it differs from the URL's host
  prefix: fieldseal/1 # first levels of every topic
  qos: 1
  keepalive: 60s
  connectTimeout: 30s
  reconnect: { min: 1s, max: 2m } # waits a random time, up to min at first, doubling to max

uplink:
  window: 16 # proofs under way at once
  receiptTimeout: 60s # then the proof is published again, the identical bytes
  freshFirst: true # what is sealed from now on goes out at once, while what waited for the connection still drains

# The verifier's public key, pinned: only its receipts count. \`fieldseal verifier key\` prints it there.
verifier:
  publicKeyFile: /etc/fieldseal/verifier.json

# Readings are stamped by a timeline that no jump of the host's clock disturbs; it takes its time from whoever vouches for it.
clock:
  wait: 5m # while nobody does, readings wait so long to be sealed, to be dated right; then they are sealed as of unknown time
  gnss: true # receivers' time counts where no time server's does
  ntp: auto # whom to ask: auto (chrony, then timesyncd), chrony, timesyncd, none, or host: its clock is right, on your word

health:
  interval: 60s # how often a host.health reading is made; 0s is never
  # The status page, /metrics for Prometheus and /healthz: HOST:PORT or unix:/PATH. Under systemd the socket status.sock in the
  # unit's RuntimeDirectory answers as well, whatever stands here.
  listen: 127.0.0.1:9464

log:
  level: info # debug, info, warn, error or silent
`;

/** The annotated configuration of the verifier, as `fieldseal config example --verifier` prints it. */
export const VERIFIER_EXAMPLE = `# Fieldseal, the verifier service. Relative paths start at this file's folder.

# The key that signs receipts. Devices pin its public half: \`fieldseal verifier key\` prints it.
signer:
  uri: "pkcs11:token=fieldseal-verifier;object=receipts?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/etc/fieldseal/verifier-pin"
  algorithm: ES256K
  timeout: 30s

# Devices, verdicts and readings: an SQLite file.
ledger: /var/lib/fieldseal-verifier/ledger.sqlite

mqtt:
  url: mqtts://broker.example:8883
  version: auto
  clientId: fieldseal-verifier # its session at the broker outlives a restart
  # username: verifier
  # passwordFile: /etc/fieldseal/verifier-mqtt-password
  tls: {}
  prefix: fieldseal/1
  qos: 1
  keepalive: 60s
  connectTimeout: 30s
  reconnect: { min: 1s, max: 2m }

checks:
  maxFuture: 5m # a reading's time may lie so far ahead of the verifier's clock
  maxAge: 90d # older readings are flagged
  nonceLifetime: 1h # how long a challenge nonce is good for

listen: 127.0.0.1:9465 # where Prometheus finds /metrics; left out, nowhere

log:
  level: info
`;
