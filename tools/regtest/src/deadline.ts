import { setTimeout as delay } from 'node:timers/promises';

/** Patience of a scenario that says nothing else, in milliseconds: generous, because it is only used up by a failure. */
export const PATIENCE_MS = 30_000;

/** How often something is looked at that nobody tells of, in milliseconds. */
const LOOK_MS = 5;

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

/**
 * Looks until `look` finds something: for what nobody tells of, such as a counter.
 *
 * @returns what it found
 * @throws DeadlineError with the evidence of the last look
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  evidence?: () => string,
): Promise<T> {
  let late = false;
  const looking = (async () => {
    while (!late) {
      const found = await look();
      if (found !== undefined) return found;
      await delay(LOOK_MS);
    }
    throw new DeadlineError(what);
  })();
  try {
    return await within(what, looking, PATIENCE_MS, evidence);
  } finally {
    late = true;
  }
}
