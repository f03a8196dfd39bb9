import type { IncomingMessage } from 'node:http';
import { Failure, MalformedRequest, RequestTooLarge } from '../failure.ts';

/** Whether a body was announced (RFC 9112, section 6.3). */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

/**
 * The body as it comes, no faster than it is asked for. When it is let go of early, the rest is thrown away and the
 * connection stays, so that an answer can still be written.
 *
 * @param limit bytes
 * @throws RequestTooLarge, MalformedRequest for a body that ends before its end
 */
export async function* received(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  const length = request.headers['content-length'];
  if (length !== undefined && Number(length) > limit) throw RequestTooLarge();
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > limit) throw RequestTooLarge();
      yield chunk;
    }
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw MalformedRequest('The connection ended before the body did');
  } finally {
    request.resume();
  }
}
