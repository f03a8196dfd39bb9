/** Says by its exit status whether the process of this container answers on its own port; for HEALTHCHECK. */
const response = await fetch(`http://127.0.0.1:${process.env.PORT ?? 8080}/health`, {
  signal: AbortSignal.timeout(3_000),
}).catch(() => undefined);
process.exit(response?.ok ? 0 : 1);
