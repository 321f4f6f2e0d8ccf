/** What a peer did that ends its connection. `code` is stable and listed in docs/ERRORS.md; text is for people. */
export class ProtocolError<C extends string = string> extends Error {
  override readonly name: string = 'ProtocolError';
  readonly code: C;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(code: C, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(describe(code, details), options);
    this.code = code;
    this.details = details;
  }
}

/** Every way in which bytes can fail to be a message. */
export const DECODE_ERRORS = {
  truncated: 'The payload ends inside the named field.',
  'length-out-of-range': 'A length prefix exceeds what its data type or extension allows.',
  'malformed-tlv': 'The bytes after the last field are not a sequence of TLV fields (§3.4.3).',
  'unknown-message': 'No message of this side and protocol has this extension and message type (§8).',
  'frame-too-large': "The frame announces more bytes than the message's cap.",
  'message-too-short': "The frame announces fewer bytes than the message's smallest form.",
} as const;
export type DecodeErrorCode = keyof typeof DECODE_ERRORS;

/** Bytes that are not a message. Details name the message, the field and the offset in the payload, in bytes. */
export class DecodeError extends ProtocolError<DecodeErrorCode> {
  override readonly name = 'DecodeError';
}

/** Every way in which a value can fail to be encodable. */
export const ENCODE_ERRORS = {
  'value-out-of-range': 'A number, length or count does not fit its data type.',
  'wrong-length': 'A fixed-size field got another number of bytes.',
} as const;
export type EncodeErrorCode = keyof typeof ENCODE_ERRORS;

/** A value that does not fit its field: a mistake of the caller, never of a peer. */
export class EncodeError extends Error {
  override readonly name = 'EncodeError';
  readonly code: EncodeErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(code: EncodeErrorCode, details: Readonly<Record<string, unknown>>) {
    super(describe(code, details));
    this.code = code;
    this.details = details;
  }
}

/** Longest value in an error's text, in characters: some come from a peer. */
const SHOWN_LENGTH = 100;

function describe(code: string, details: Readonly<Record<string, unknown>>): string {
  const parts = Object.entries(details).map(([key, value]) => `${key} ${shown(String(value))}`);
  return parts.length === 0 ? code : `${code}: ${parts.join(', ')}`;
}

function shown(value: string): string {
  return value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value;
}
