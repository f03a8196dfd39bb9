/** Events that come by themselves, on their way to a client that takes them at its own pace. */
export interface EventBuffer<Event> extends AsyncIterable<Event> {
  push(event: Event): void;
  /** No more will come: the iteration ends after those that wait. */
  end(): void;
}

/**
 * Keeps events until the client has taken them. Where more wait than there is room for, the iteration fails, and with it
 * the stream: the client comes again and says what it got last, instead of missing some without knowing.
 *
 * @param signal of the stream's tools: ends the iteration
 * @param limit how many may wait
 */
export function eventBuffer<Event>(signal: AbortSignal, limit = 256): EventBuffer<Event> {
  const waiting: Event[] = [];
  let ended = false;
  let overflowed = false;
  let wake = () => {};
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    push(event) {
      if (waiting.length < limit) waiting.push(event);
      else overflowed = true;
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      while (!signal.aborted) {
        if (overflowed) throw new Error(`The client is more than ${limit} events behind`);
        const event = waiting.shift();
        if (event !== undefined) yield event;
        else if (ended) return;
        else {
          await new Promise<void>(resolve => {
            wake = resolve;
          });
        }
      }
    },
  };
}
