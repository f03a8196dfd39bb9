import type { Readable } from 'node:stream';

/** How far a fetch may go. */
export interface Bounds {
  /** Milliseconds for all of it: name, connection, redirects, answer to its last byte. Default 10 000. */
  deadline?: number;
  /** Bytes of the body, of what arrives and of what it unpacks to. Default 1 MiB. */
  maxBytes?: number;
  /** How many are followed, each checked as the first URL was; by default none, and the answer that leads on is given. */
  redirects?: number;
  /** Whether a URL without TLS is taken; by default only towards what the operator allows. */
  http?: boolean;
  /** Default 80, 443 and all from 1024. */
  ports?: readonly number[];
  /** Whether to ask for a compressed answer and to unpack it. By default it comes as it is. */
  decompress?: boolean;
}

export interface OutboundRequest extends Bounds {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  headers?: Record<string, string>;
  body?: string | Uint8Array | Readable | null;
  signal?: AbortSignal | null;
}
