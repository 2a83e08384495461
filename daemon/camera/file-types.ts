/** What a camera.frame calls a file, by its ending: other, image, clip. */
export type FileType = 0 | 1 | 2;

const IMAGES = 'jpg jpeg png webp heic heif avif bmp gif tif tiff dng'.split(' ');
const CLIPS = 'mp4 m4v mov avi mkv webm ts mts m2ts mpg mpeg 3gp h264 h265 hevc mjpeg mjpg'.split(' ');
const TYPES: ReadonlyMap<string, FileType> = new Map([
  ...IMAGES.map((ending): [string, FileType] => [ending, 1]),
  ...CLIPS.map((ending): [string, FileType] => [ending, 2]),
]);

/** Which files of a folder count: those of the given endings, or of common images and clips. */
export class FileTypes {
  readonly #wanted: ReadonlySet<string> | undefined;

  constructor(endings?: readonly string[]) {
    this.#wanted = endings === undefined ? undefined : new Set(endings);
  }

  /**
   * The type of a file of this name; undefined for one that does not count. Temporary names do not: what begins with a dot, and
   * "clip.mp4.part", which ends otherwise.
   */
  typeOf(name: string): FileType | undefined {
    const base = name.slice(name.lastIndexOf('/') + 1);
    const dot = base.lastIndexOf('.');
    if (dot <= 0 || base.startsWith('.')) return undefined;
    const ending = base.slice(dot + 1).toLowerCase();
    if (this.#wanted !== undefined && !this.#wanted.has(ending)) return undefined;
    return TYPES.get(ending) ?? (this.#wanted === undefined ? undefined : 0);
  }
}
