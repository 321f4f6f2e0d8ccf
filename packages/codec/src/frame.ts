/** Size of a frame's header, in bytes (§3.2). */
export const HEADER_SIZE = 6;
/** The channel_msg bit of the header's extension_type (§3.2.1). */
export const CHANNEL_MSG = 0x8000;

/** A frame's header (§3.2). */
export interface FrameHeader {
  /** Without the channel_msg bit. */
  readonly extensionType: number;
  readonly channelMsg: boolean;
  readonly messageType: number;
  /** Length of the payload, in bytes, before sealing. */
  readonly length: number;
}

/** Reads the six bytes at `offset`; the caller has checked that they are there. */
export function readHeader(bytes: Uint8Array, offset = 0): FrameHeader {
  const at = (index: number) => bytes[offset + index] as number;
  const extension = at(0) | (at(1) << 8);
  return {
    extensionType: extension & ~CHANNEL_MSG,
    channelMsg: (extension & CHANNEL_MSG) !== 0,
    messageType: at(2),
    length: at(3) | (at(4) << 8) | (at(5) << 16),
  };
}

/** Writes the six bytes at `offset`. */
export function writeHeader(header: FrameHeader, bytes: Uint8Array, offset = 0): void {
  const extension = header.extensionType | (header.channelMsg ? CHANNEL_MSG : 0);
  bytes[offset] = extension;
  bytes[offset + 1] = extension >>> 8;
  bytes[offset + 2] = header.messageType;
  bytes[offset + 3] = header.length;
  bytes[offset + 4] = header.length >>> 8;
  bytes[offset + 5] = header.length >>> 16;
}

/** Overwrites the leading channel_id of an encoded channel message, so that one encoding serves every channel. */
export function patchChannelId(frame: Uint8Array, channelId: number): void {
  frame[HEADER_SIZE] = channelId;
  frame[HEADER_SIZE + 1] = channelId >>> 8;
  frame[HEADER_SIZE + 2] = channelId >>> 16;
  frame[HEADER_SIZE + 3] = channelId >>> 24;
}
