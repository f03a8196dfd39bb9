/** How pg writes values of statements, which has no types. */
declare module 'pg/lib/utils.js' {
  /** @throws for what refers to itself */
  export function prepareValue(value: unknown): Buffer | string | null;
}
