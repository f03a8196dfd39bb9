/** Aborts when the person, the terminal or the process that started this one wants it to end. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => interrupted.abort());
  process.on('disconnect', () => interrupted.abort());
  return interrupted.signal;
}
