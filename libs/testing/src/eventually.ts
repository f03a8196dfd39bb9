const PATIENCE = 15_000;

/** Waits until `look` gives something that is neither undefined nor false; an error in it counts as "not yet". */
export async function eventually<Found>(
  look: () => Found | Promise<Found>,
  what = 'the condition',
  patience = PATIENCE,
): Promise<Exclude<Found, undefined | false | null>> {
  const deadline = performance.now() + patience;
  let last: unknown;
  for (;;) {
    try {
      const found = await look();
      if (found !== undefined && found !== false && found !== null) return found as never;
      last = undefined;
    } catch (cause) {
      last = cause;
    }
    if (performance.now() > deadline)
      throw new Error(`Waited ${patience} ms in vain for ${what}`, { cause: last });
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}
