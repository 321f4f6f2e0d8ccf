import { hexes, number, optional, path } from '../config/values.ts';

/** The keys of `[job_declaration]` that a pool and its job declarator server must have alike. */
export const jobDeclarationFields = {
  tokenKeyFile: optional(
    path('job-tokens.key', "Key that the declarator's tokens are sealed with; made when it is not there."),
  ),
  leastPayoutShare: number(0.5, "Part of a block's revenue below which the pool's payout makes a job worthless.", {
    min: 0.01,
    max: 1,
  }),
  requiredOutputs: hexes([], 'Scripts of zero-valued outputs that each declared coinbase must have.'),
};
