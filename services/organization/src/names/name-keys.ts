import { skeleton } from './skeleton.ts';

/** What has to be unique beside a name, as columns of its row. */
export interface NameKeys {
  name_key: string;
  name_skeleton: string;
}

/**
 * Names that a reader takes for the same share one of these: without regard to case, Unicode form and spacing, and by
 * the UTS #39 skeleton. Letters look alike in one case and not in the other (capital I and l, Cyrillic В and B), so
 * the skeleton is taken both of the folded name and of the name as it is written.
 */
export function nameKeys(name: string): NameKeys {
  const written = name.normalize('NFKC');
  return {
    name_key: spaced(skeleton(foldCase(written).normalize('NFKC'))),
    name_skeleton: spaced(foldCase(skeleton(written))),
  };
}

/** Full case folding, near enough: through upper case, so that ß and ss, or the two forms of sigma, are one. */
const foldCase = (text: string) => text.toUpperCase().toLowerCase();

const spaced = (text: string) => text.replace(/\s+/g, ' ').trim();
