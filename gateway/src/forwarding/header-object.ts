/** A flat header list as an object: names in lower case, values of a name that comes more than once in an array. */
export function headerObject(lines: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index < lines.length; index += 2) {
    const name = lines[index]!.toLowerCase();
    const value = lines[index + 1]!;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
