import { ProtocolError } from '@sv2kit/codec';

/** What a Stratum V1 peer did that ends its connection. */
export const SV1_ERRORS = {
  'line-too-long': 'More bytes without a line end than a line may have.',
  'too-many-malformed-lines': 'One line after another that is no message; a few are forgiven.',
  'too-many-unanswered': 'More requests than are remembered until they are answered.',
} as const;
export type Sv1ErrorCode = keyof typeof SV1_ERRORS;

/** Ends a connection: the only error that bytes from a peer can cause. */
export class Sv1Error extends ProtocolError<Sv1ErrorCode> {
  override readonly name = 'Sv1Error';
}

/** Why a line is no message. A miner's is answered with error 20; a few in a row are forgiven. */
export const MALFORMED_REASONS = {
  'not-utf8': 'The line is not UTF-8.',
  'not-json': 'The line is not JSON.',
  'beyond-bounds': 'Nested too deep, or with too many items, keys or characters of an id.',
  'not-a-message': 'JSON that is neither a request nor an answer.',
} as const;
export type MalformedReason = keyof typeof MALFORMED_REASONS;

/** The error numbers that the field has agreed on; firmware shows and counts by them. */
export const STRATUM_ERROR_NUMBERS = {
  other: 20,
  jobNotFound: 21,
  duplicateShare: 22,
  lowDifficulty: 23,
  unauthorised: 24,
  notSubscribed: 25,
} as const;

/** An answer's error: a number, usually one of {@link STRATUM_ERROR_NUMBERS}, and a text for people. */
export interface StratumError {
  readonly code: number;
  readonly message: string;
}

/** An error of the field's with its usual text, or another one. */
export function stratumError(kind: keyof typeof STRATUM_ERROR_NUMBERS, message: string = TEXTS[kind]): StratumError {
  return { code: STRATUM_ERROR_NUMBERS[kind], message };
}

const TEXTS: Readonly<Record<keyof typeof STRATUM_ERROR_NUMBERS, string>> = {
  other: 'Other/Unknown',
  jobNotFound: 'Job not found',
  duplicateShare: 'Duplicate share',
  lowDifficulty: 'Low difficulty share',
  unauthorised: 'Unauthorized worker',
  notSubscribed: 'Not subscribed',
};
