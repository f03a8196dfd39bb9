/**
 * The same iteration, which also ends as soon as the signal is aborted: at once for who waits for the next value, and for
 * its source when what that awaits has settled.
 */
export function endedBy<Value>(
  signal: AbortSignal,
  source: AsyncIterator<Value>,
): AsyncIterableIterator<Value> {
  const done: IteratorReturnResult<undefined> = { done: true, value: undefined };
  let stopWaiting = () => {};
  const end = () => {
    stopWaiting();
    source.return?.().catch(() => {});
  };
  signal.addEventListener('abort', end, { once: true });
  const iterator: AsyncIterableIterator<Value> = {
    next: () =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return resolve(done);
        stopWaiting = () => resolve(done);
        source.next().then(resolve, reject);
      }),
    async return() {
      signal.removeEventListener('abort', end);
      end();
      return done;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
