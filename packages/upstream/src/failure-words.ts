/** Why a server is not reached; ends a sentence that names it. What the system says of a refusal names it once more. */
export function failureWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ECONNREFUSED' ? 'nobody listens there (ECONNREFUSED)' : error.message;
}
