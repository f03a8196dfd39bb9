/** A response header: its lower-case name, by which it is compared, and what is written. */
export type HeaderLine = { readonly key: string; readonly name: string; readonly value: string };

export function headerLine(name: string, value: string): HeaderLine {
  return { key: name.toLowerCase(), name, value };
}
