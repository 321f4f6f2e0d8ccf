/** What a template provider did that ends the connection to it (thrown as `ProtocolError`). */
export const TEMPLATE_SOURCE_ERRORS = {
  'unusable-template': 'No coinbase can be made of the template, or its nbits are none; details say why.',
} as const;
export type TemplateSourceErrorCode = keyof typeof TEMPLATE_SOURCE_ERRORS;

/** Why a template provider that is there is given up for the next one. */
export const TEMPLATE_SOURCE_GIVE_UP_REASONS = {
  silent: 'It is connected, said nothing for a while, and did not answer when it was asked something.',
  'no-fresh-template': 'It gave nothing to mine, or only an older height than is mined already, for too long.',
  'wrong-chain': 'What it gives builds on a block that only a refused node of our own has.',
} as const;

/** Why a solution never reached a template provider that could use it. */
export const LOST_SOLUTION_REASONS = {
  forgotten: 'The provider has been restarted since, and knows the template no more.',
  expired: 'The provider stayed away for too long.',
  'crowded-out': 'Too many solutions waited for providers.',
} as const;
export type LostSolutionReason = keyof typeof LOST_SOLUTION_REASONS;
