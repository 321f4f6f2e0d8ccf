// Feature flags of SetupConnection and its Success. The two are namespaces of their own (§5.3.1).

/** Mining client: cannot process extended jobs. */
export const REQUIRES_STANDARD_JOBS = 1 << 0;
/** Mining client: will send SetCustomMiningJob. */
export const REQUIRES_WORK_SELECTION = 1 << 1;
/** Mining client: the server must not send jobs that forbid version rolling. */
export const REQUIRES_VERSION_ROLLING = 1 << 2;

/** Mining server: accepts no change to the version. */
export const REQUIRES_FIXED_VERSION = 1 << 0;
/** Mining server: accepts no standard channel. */
export const REQUIRES_EXTENDED_CHANNELS = 1 << 1;

/** Job declaration client: will reveal its transactions (full-template mode). §6.4.1. */
export const DECLARE_TX_DATA = 1 << 0;
