import { text } from 'node:stream/consumers';
import { MalformedRequest, UnsupportedMediaType } from '@rivergate/endpoint';
import type { Writer } from '../answer/write.ts';
import type { RequestBodies } from '../forwarding/request-body.ts';
import type { OwnEndpoint } from './own-endpoints.ts';

/** Bytes: as much as fits into the address of a page. */
const LIMIT = 12 * 1024;
/** A form as browsers write it (WHATWG URL, section 5.2). */
const ENCODED = /^[\w*.+%&=~-]*$/;

/**
 * A page that an app may also open by a form, in place of a query (OpenID Connect Core 1.0, section 3.1.2.1): the browser is
 * sent to the same page, by GET.
 *
 * @throws UnsupportedMediaType, MalformedRequest, and what reading the body throws
 */
export function postedPage(write: Writer, bodies: RequestBodies, path: string): OwnEndpoint {
  return async exchange => {
    const { request } = exchange;
    if (!/^application\/x-www-form-urlencoded *(?:;|$)/i.test(request.headers['content-type'] ?? ''))
      throw UnsupportedMediaType('This takes application/x-www-form-urlencoded');
    const body = await bodies.kept(request, LIMIT);
    try {
      const { content } = body;
      const form = Buffer.isBuffer(content) ? content.toString('latin1') : await text(content);
      if (!ENCODED.test(form)) throw MalformedRequest('The form is not encoded as one');
      write.text(exchange, 303, '', { Location: `${path}?${form}`, 'Cache-Control': 'no-store' });
    } finally {
      body.release();
    }
  };
}
