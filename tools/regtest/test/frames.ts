// Frames that no library of ours would send.
import {
  encodeFrame,
  HEADER_SIZE,
  type MessageDefinition,
  type MessageOf,
  MINING_PROTOCOL,
  SetupConnection,
  writeHeader,
} from '@sv2kit/codec';

/** A whole SetupConnection, with what a scenario wants otherwise. */
export function setupFrame(overrides: Partial<MessageOf<typeof SetupConnection>> = {}): Uint8Array {
  return encodeFrame(SetupConnection, {
    type: 'SetupConnection',
    protocol: MINING_PROTOCOL,
    minVersion: 2,
    maxVersion: 2,
    flags: 0,
    endpointHost: '127.0.0.1',
    endpointPort: 1,
    vendor: 'nobody',
    hardwareVersion: '',
    firmware: '',
    deviceId: '',
    ...overrides,
  });
}

/** Any header with any payload; the length may be another than the payload's. */
export function rawFrame(
  header: { readonly extensionType?: number; readonly channelMsg?: boolean; readonly messageType: number },
  payload: Uint8Array = new Uint8Array(),
  length: number = payload.length,
): Uint8Array {
  const { extensionType = 0, channelMsg = false, messageType } = header;
  const frame = new Uint8Array(HEADER_SIZE + payload.length);
  writeHeader({ extensionType, channelMsg, messageType, length }, frame);
  frame.set(payload, HEADER_SIZE);
  return frame;
}

/** A message with bytes behind its last field, or with fewer than it needs. */
export function reshaped<D extends MessageDefinition>(
  definition: D,
  message: MessageOf<D>,
  change: { readonly tail?: Uint8Array; readonly cut?: number },
): Uint8Array {
  const whole = encodeFrame(definition, message).subarray(HEADER_SIZE);
  const payload = Buffer.concat([whole.subarray(0, whole.length - (change.cut ?? 0)), change.tail ?? new Uint8Array()]);
  const { extensionType, messageType, channelMsg } = definition;
  return rawFrame({ extensionType, messageType, channelMsg }, payload);
}

/** A channel id as the first field of a payload. */
export const channelBytes = (id: number): Uint8Array => new Uint8Array(Uint32Array.of(id).buffer);
