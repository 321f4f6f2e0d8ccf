// §3.6: messages common to all protocols.
import { channelMessage, message, type MessageOf } from '../declare.ts';
import { code, str0_255, u8, u16, u32 } from '../data-types.ts';

/** Client -> server: the first message of a connection. §3.6.1. */
export const SetupConnection = message('SetupConnection', 0x00, {
  protocol: u8,
  minVersion: u16,
  maxVersion: u16,
  flags: u32,
  endpointHost: str0_255,
  endpointPort: u16,
  vendor: str0_255,
  hardwareVersion: str0_255,
  firmware: str0_255,
  deviceId: str0_255,
});
export type SetupConnection = MessageOf<typeof SetupConnection>;

/** Server -> client: the connection is set up. `flags` is a namespace of its own (§5.3.1), not an echo. §3.6.2. */
export const SetupConnectionSuccess = message('SetupConnectionSuccess', 0x01, { usedVersion: u16, flags: u32 });
export type SetupConnectionSuccess = MessageOf<typeof SetupConnectionSuccess>;

/** Server -> client: refused; `flags` lists every unsupported flag, 0 when flags are not the cause. §3.6.3. */
export const SetupConnectionError = message('SetupConnectionError', 0x02, { flags: u32, errorCode: code });
export type SetupConnectionError = MessageOf<typeof SetupConnectionError>;

/** Server -> client: what lies behind a channel changed; extension state starts anew. §3.6.4. */
export const ChannelEndpointChanged = channelMessage('ChannelEndpointChanged', 0x03, {});
export type ChannelEndpointChanged = MessageOf<typeof ChannelEndpointChanged>;

/** Server -> client: go to another host or port (empty or 0: the present one). §3.6.5. */
export const Reconnect = message('Reconnect', 0x04, { newHost: str0_255, newPort: u16 });
export type Reconnect = MessageOf<typeof Reconnect>;
