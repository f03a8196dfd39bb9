import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import { codingOf, flowingCoder } from '../compress.ts';
import { EVENT_STREAM } from '../content.ts';
import { type Chunk, HEARTBEAT } from './encode.ts';

/** Milliseconds without a chunk after which what a coder holds back goes out. */
const IDLE = 50;

/**
 * Sends a stream as the client takes it. Where it fails, the connection is closed without the end of the answer, by which
 * the other side knows (RFC 9112, section 8).
 *
 * @param heartbeat milliseconds without an event after which a comment is sent
 * @param coded whether it may be, as its client accepts
 * @throws what the stream failed with, once the connection is closed; nothing where the client has left
 */
export async function sendStream(
  request: Request,
  response: Response,
  chunks: AsyncIterable<Chunk>,
  { heartbeat, coded }: { heartbeat: number; coded: boolean },
): Promise<void> {
  const source = Readable.from(chunks, { highWaterMark: 1 });
  const isEvents = String(response.get('content-type')).startsWith(EVENT_STREAM);
  // Events are wanted one by one, as small as they are.
  const coding = coded && !isEvents ? codingOf(request, response) : undefined;
  const stop = isEvents ? beat(response, heartbeat) : () => {};
  try {
    if (coding) {
      response.set('Content-Encoding', coding);
      // Were the head to wait for the coder, a failure meanwhile would look as if the service had not answered.
      response.flushHeaders();
      const coder = flowingCoder(coding);
      const flush = setTimeout(() => coder.flush(), IDLE);
      await pipeline(source, refreshing(flush), coder, response).finally(() => clearTimeout(flush));
    } else await pipeline(source, response);
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw cause;
  } finally {
    stop();
  }
}

/** Sends comments while nothing else is sent. A client that is behind gets none: it would only wait for more. */
function beat(response: Response, every: number): () => void {
  const timer = setInterval(() => {
    if (!response.writableNeedDrain && !response.writableEnded) response.write(HEARTBEAT);
  }, every);
  return () => clearInterval(timer);
}

/** Passes chunks on and starts the timer anew with each. */
function refreshing(timer: NodeJS.Timeout): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      timer.refresh();
      done(null, chunk);
    },
  });
}
