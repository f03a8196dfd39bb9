import type { EventDeclaration } from '../declaration.ts';
import * as declarations from './services.ts';

/** Every event there is, by type. */
export const catalogue: readonly EventDeclaration[] = Object.values<EventDeclaration>(declarations).toSorted(
  (left, right) => left.type.localeCompare(right.type),
);
