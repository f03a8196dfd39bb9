import { Id } from '@rivergate/endpoint';
import { z } from 'zod';

export const Attachment = z
  .object({
    id: Id,
    title: z.string().meta({ examples: ['Plan of the attic'] }),
    filename: z
      .string()
      .nullable()
      .meta({ examples: ['plan.pdf'] }),
    size: z.int(),
    labels: z.array(z.string().meta({ examples: ['draft'] })),
  })
  .meta({ id: 'Attachment' });

export const COLUMNS = ['id', 'title', 'filename', 'size', 'labels'];
