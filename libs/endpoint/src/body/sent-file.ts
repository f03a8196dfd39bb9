import type { Readable } from 'node:stream';

/** A file that is sent, with the name of its part; without one it is the whole body. */
export interface SentFile {
  part?: string;
  filename?: string;
  type: string;
  content: Readable | Buffer;
}
