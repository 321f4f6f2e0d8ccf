/** Patience of a scenario that says nothing else, in milliseconds: generous, because it is only used up by a failure. */
export const PATIENCE_MS = 30_000;

/** Something that a scenario waited for did not happen. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Waits for `promise`, but not for ever.
 *
 * @param what - what is awaited, as the words after "waited 30 s for"
 * @param evidence - what is known at the deadline, for the message
 * @throws DeadlineError
 */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  ms = PATIENCE_MS,
  evidence: () => string = () => '',
): Promise<T> {
  const late = Promise.withResolvers<never>();
  // Made here, so that the stack shows who waited.
  const error = new DeadlineError(`waited ${ms / 1000} s for ${what}`);
  const timer = setTimeout(() => {
    const known = evidence();
    if (known !== '') error.message += `; ${known}`;
    late.reject(error);
  }, ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
