/**
 * The slug of a name: accents dropped, lower case, each run of characters other than a-z and 0-9 one hyphen, none at
 * the ends, at most 63 characters.
 *
 * @returns an empty string if nothing is left; such a workspace is called workspace-<id>
 */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, 63)
    .replace(/-$/, '');
}
