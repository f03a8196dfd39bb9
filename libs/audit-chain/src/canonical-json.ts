/** JSON in the one form of RFC 8785 that a value has. Members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // The default order is that of UTF-16 code units, as section 3.2.3 has it.
  const names = members.map(([name]) => name).toSorted();
  return `{${names.map(name => `${JSON.stringify(name)}:${canonicalJson(value[name as never])}`).join(',')}}`;
}
