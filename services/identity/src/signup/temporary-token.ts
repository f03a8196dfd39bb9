import { z } from 'zod';

/** An opaque token from an earlier step, or from a mailed link. */
export const TemporaryToken = z.string().min(1).max(512);
