import type { Endpoint, Log } from '../endpoint.ts';
import type { Upload } from './upload.ts';

/**
 * The endpoint, which goes on from `prepare` only with a body that has come to its end and is right to the end. What was
 * prepared is taken back where it is not.
 */
export function receiving(endpoint: Endpoint, log: Log): Endpoint {
  const { prepare, undo } = endpoint;
  if (!prepare) return endpoint;
  return {
    ...endpoint,
    async prepare(context: { files?: Upload }) {
      const prepared = await prepare(context as never);
      try {
        await context.files?.finish();
      } catch (cause) {
        await undo?.({ ...context, prepared } as never).catch((error: unknown) =>
          log.error({ err: error }, 'What was prepared was not taken back'),
        );
        throw cause;
      }
      return prepared;
    },
  };
}
