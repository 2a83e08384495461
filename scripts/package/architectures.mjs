/** What Debian, GNU, Node.js and node-gyp-build call each architecture that packages are made for. */
export const ARCHITECTURES = {
  amd64: { gnu: 'x86_64-linux-gnu', node: 'x64', tags: 'napi.glibc', machine: 62 },
  arm64: { gnu: 'aarch64-linux-gnu', node: 'arm64', tags: 'napi.armv8.glibc', machine: 183 },
  armhf: { gnu: 'arm-linux-gnueabihf', node: 'arm', tags: 'napi.armv7.glibc', machine: 40 },
};

/** Where node-gyp-build looks for a package's binary: its folder below prebuilds/, and the file's name therein. */
export const prebuildFolder = (arch) => `linux-${ARCHITECTURES[arch].node}`;
export const prebuildFile = (arch) => `fieldseal.${ARCHITECTURES[arch].tags}.node`;

/** The architecture of this machine, as Debian calls it; undefined where packages are not made for it. */
export const ownArchitecture = () =>
  Object.keys(ARCHITECTURES).find((arch) => ARCHITECTURES[arch].node === process.arch);
