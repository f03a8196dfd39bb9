import { error } from '@rivergate/endpoint';
import { MOST_OPERATIONS } from '../protocol/patch.ts';

/** RFC 7644, section 3.7.4. */
export const TooLarge = error(
  'TOO_MANY_OPERATIONS',
  413,
  `A bulk has at most ${MOST_OPERATIONS} operations, and 1 MiB`,
);
