/**
 * Does several things at once. When one fails the others are aborted, and it is thrown when all have ended: nothing goes
 * on behind the caller's back.
 */
export async function together<T>(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  let first: { readonly error: unknown } | undefined;
  const results = await Promise.all(
    tasks.map(async (task) => {
      try {
        return [await task(either)];
      } catch (error) {
        first ??= { error };
        failed.abort(error);
        return [];
      }
    }),
  );
  if (first !== undefined) throw first.error;
  return results.flat();
}
