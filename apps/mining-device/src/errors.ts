/** Why the device ends a connection by itself, beside what a server did wrong (`CLIENT_VIOLATIONS` of @sv2kit/mining). */
export const MINING_DEVICE_CLOSE_REASONS = {
  'open-refused': 'The server has answered OpenMiningChannel.Error; another upstream is tried.',
  'extended-channels-required': 'The server accepts extended channels only and the device is set to a standard one.',
} as const;
export type MiningDeviceCloseReason = keyof typeof MINING_DEVICE_CLOSE_REASONS;
