/** Why a server is not reached; ends a sentence that names it. What the system says of a refusal names it once more. */
export function failureWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return isRefusal(error) || isRefusal(error.cause) ? 'nobody listens there (ECONNREFUSED)' : error.message;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED';
