import type { EventDeclaration } from '../declaration.ts';
import * as identity from './identity.ts';
import * as organization from './organization.ts';

/** Every event there is, by type. */
export const catalogue: readonly EventDeclaration[] = [
  ...Object.values(identity),
  ...Object.values(organization),
].toSorted((left, right) => left.type.localeCompare(right.type));
