import { z } from 'zod';
import { InvalidSyntax, InvalidValue } from './protocol/errors.ts';
import { Choice, Shown } from './store/listing.ts';

export const SEARCH_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

/** Names, as text with commas between them or as a list. */
const Names = z
  .union([Shown.attributes, z.array(z.string().max(200)).max(200)])
  .transform(names => (Array.isArray(names) ? names.join(',') : names));

const Search = z.object({ ...Choice, attributes: Names, excludedAttributes: Names });

/**
 * What the body of a search asks for (RFC 7644, section 3.4.3): the same as a query, of which nothing stands in a log.
 *
 * @throws InvalidSyntax, InvalidValue
 */
export function readSearch(body: object): z.output<typeof Search> {
  const { schemas } = body as { schemas?: unknown };
  if (!Array.isArray(schemas) || !schemas.includes(SEARCH_REQUEST))
    throw InvalidSyntax(`schemas has to name ${SEARCH_REQUEST}`);
  const read = Search.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw InvalidValue(`${issue?.path.join('.')} is not what a search takes`);
}
