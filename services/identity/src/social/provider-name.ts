import { z } from 'zod';

/** Any text: one that names no provider, or none that is configured, is INVALID_PROVIDER. */
export const ProviderName = z
  .string()
  .max(100)
  .meta({
    description: 'github, google, apple or microsoft, where the operator has set it up',
    examples: ['github'],
  });
