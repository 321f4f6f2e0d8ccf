// Every code that a mining server answers with, and every rule whose breach a client reports. docs/ERRORS.md is held
// against these tables.

/** `SubmitShares.Error` (§5.3.14): one code per cause. */
export const SHARE_ERRORS = {
  'invalid-channel-id': 'No open channel of this connection has this id, or it is the id of a group.',
  'invalid-channel-type': 'A standard share for an extended channel, or an extended share for a standard channel.',
  'invalid-job-id': 'The channel never got a job with this id, or got it so long ago that the server forgot it.',
  'job-not-active': 'The share names a future job whose SetNewPrevHash did not follow within seconds.',
  'stale-share': 'The job belongs to an earlier tip, or newer jobs of the same tip have pushed it out.',
  'bad-extranonce-size': 'The extranonce is not of the size that the channel was opened with.',
  'version-rolling-not-allowed': "The version differs from the job's, and the job forbids rolling.",
  'invalid-version-bits': "The version differs from the job's in bits that the server does not let miners change.",
  'invalid-ntime': "The ntime is below the job's min_ntime, or further in the future than the network accepts.",
  'difficulty-too-low': "The hash is above the job's target.",
  'duplicate-share': 'The same header was submitted on this channel before.',
  'share-budget-exhausted': 'The server can remember no more shares of this tip and so cannot rule out a duplicate.',
  'ledger-unavailable': 'The server cannot record shares at the moment; the share is not credited.',
} as const;
export type ShareErrorCode = keyof typeof SHARE_ERRORS;

/** `OpenMiningChannel.Error` (§5.3.6). */
export const OPEN_CHANNEL_ERRORS = {
  'invalid-nominal-hashrate': 'nominal_hash_rate is negative, infinite or not a number; 0 is legal.',
  'max-target-out-of-range': 'max_target is harder than any target that the server assigns.',
  'min-extranonce-size-too-large': 'min_extranonce_size is more than the coinbase has room for.',
  'channel-capacity-exhausted': 'Every extranonce prefix of the server is taken.',
  'channel-limit-reached': 'The connection has as many channels as one connection may have.',
  'extended-channels-not-supported-for-standard-jobs':
    'The connection was set up with REQUIRES_STANDARD_JOBS and asks for an extended channel.',
  'standard-channels-not-supported-for-custom-work':
    'The connection was set up with REQUIRES_WORK_SELECTION and asks for a standard channel.',
  'unknown-user': 'The server does not know or does not admit this user_identity.',
  'invalid-user-identity': 'The user_identity does not have the form that the server asks for.',
  'banned-for-bad-shares':
    'Shares of this user from this address were bad over and over; it is let in again in minutes.',
  'authorisation-unavailable': 'The server cannot tell at the moment whether it admits this user_identity.',
  'no-work-available': 'The server has no block template at the moment.',
  'ledger-unavailable': 'The server has recorded nothing for too long.',
} as const;
export type OpenChannelErrorCode = keyof typeof OPEN_CHANNEL_ERRORS;

/** `UpdateChannel.Error` (§5.3.8). */
export const UPDATE_CHANNEL_ERRORS = {
  'invalid-channel-id': 'No open channel of this connection has this id.',
  'invalid-nominal-hashrate': 'nominal_hash_rate is negative, infinite or not a number; 0 is legal.',
  'max-target-out-of-range': 'maximum_target is harder than any target that the server assigns.',
} as const;
export type UpdateChannelErrorCode = keyof typeof UPDATE_CHANNEL_ERRORS;

/** `SetCustomMiningJob.Error` (§5.3.20). */
export const CUSTOM_JOB_ERRORS = {
  'invalid-channel-id': 'No open extended channel of this connection, and no group with one, has this id.',
  'work-selection-not-negotiated': 'The connection was set up without REQUIRES_WORK_SELECTION.',
  'jd-not-supported': 'The server accepts no custom jobs.',
  'too-many-custom-jobs': 'The connection sets jobs far faster than templates and tips come.',
  'invalid-mining-job-token':
    "The token is not of the server's job declarator, is another user's, has expired or was used on this channel before.",
  'job-not-yet-validated': 'The token was allocated for declaring a job, and none has been declared with it.',
  'stale-chain-tip': 'prev_hash is no longer the tip.',
  'unknown-chain-tip': "The server's node has not seen prev_hash, and did not within seconds.",
  'invalid-version': 'version is not the declared one.',
  'invalid-nbits': "nbits is not the tip's, or not the declared one.",
  'invalid-min-ntime': 'min_ntime is below what the network allows on this tip.',
  'invalid-coinbase-tx-version': 'coinbase_tx_version is not the declared one.',
  'invalid-coinbase-prefix':
    'coinbase_prefix is not the declared one, does not start with the height, or does not end in the push of the extranonce.',
  'invalid-coinbase-tx-input-n-sequence': 'coinbase_tx_input_nSequence is not the declared one.',
  'invalid-coinbase-tx-outputs': 'coinbase_tx_outputs are not the declared ones.',
  'invalid-coinbase-tx-locktime': 'coinbase_tx_locktime is not the declared one.',
  'invalid-merkle-path': 'merkle_path is not the declared one, or longer than that of any block.',
  'invalid-coinbase-tx':
    'No coinbase can be built: its script is over 100 bytes, its outputs cannot be read or are over 16 KiB.',
  'missing-pool-payout': "The pool's payout output is missing or zero.",
  'missing-pool-outputs': 'Another output that the pool asks for is missing.',
  'pool-payout-too-low': "The payout output holds less than the pool's least share of the revenue.",
} as const;
export type CustomJobErrorCode = keyof typeof CUSTOM_JOB_ERRORS;

/** What a server did that the protocol forbids, as {@link ChannelClient} reports it. Never sent. */
export const CLIENT_VIOLATIONS = {
  'wrong-channel-kind': 'The success message is for the other kind of channel than was asked for.',
  'extranonce-too-small': 'The extended channel got less extranonce than its min_extranonce_size (§5.3.4).',
  'extranonce-too-large': 'Prefix and rolled part are longer together than an extranonce can be (32 bytes).',
  'target-above-maximum': 'A target is easier than the maximum that the client stated (§5.3.2).',
  'wrong-job-kind': 'A standard job for an extended channel, or an extended job addressed to a standard one (§5.3.15).',
  'job-without-prev-hash': 'A job is active at once although no SetNewPrevHash has come yet (§5.3.15).',
  'unknown-future-job': 'SetNewPrevHash names a job that was not sent as a future job before (§5.3.17).',
  'prefix-for-group': 'SetExtranoncePrefix is addressed to a group (§5.3.10).',
} as const;
export type ClientViolation = keyof typeof CLIENT_VIOLATIONS;
