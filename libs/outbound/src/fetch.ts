import { Readable } from 'node:stream';
import type { OutboundAnswer } from './answer.ts';
import type { Bounds, OutboundRequest } from './bounds.ts';
import { OutboundFailure } from './failure.ts';
import { targetOf } from './target.ts';

/** As far as libraries go that take a `fetch`, such as openid-client and jose by their `customFetch`. */
export type FetchFace = (input: string | URL, init?: RequestInit) => Promise<Response>;

/** Statuses whose answers have no body (Fetch standard, null body status). */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * The guarded fetcher as a `fetch`. `redirect` of a request can only narrow the bounds; a body is held until it is sent.
 */
export function fetchFace(
  request: (url: string | URL, request: OutboundRequest) => Promise<OutboundAnswer>,
  bounds: Bounds = {},
): FetchFace {
  return async (input, init = {}) => {
    // First, because Request quotes what it does not take.
    const url = targetOf(input, bounds.ports);
    const asked = new Request(url, init);
    const answer = await request(url, {
      ...bounds,
      method: asked.method as OutboundRequest['method'],
      headers: Object.fromEntries(asked.headers),
      body: asked.body === null ? null : new Uint8Array(await asked.arrayBuffer()),
      signal: init.signal,
      redirects: asked.redirect === 'follow' ? bounds.redirects : 0,
    });
    if (asked.redirect === 'error' && answer.status >= 300 && answer.status < 400 && answer.status !== 304) {
      await answer.discard();
      throw new OutboundFailure('redirect_not_allowed');
    }
    const { status, headers } = answer;
    if (!WITHOUT_BODY.has(status) && asked.method !== 'HEAD')
      return new Response(Readable.toWeb(answer.body) as ReadableStream, { status, headers });
    await answer.discard();
    return new Response(null, { status, headers });
  };
}
