/** What a value that came from outside can be wrong with. */
export type BitcoinErrorCode =
  | 'bad-address'
  | 'bad-coinbase'
  | 'bad-descriptor'
  | 'bad-header'
  | 'bad-nbits'
  | 'bad-outputs'
  | 'bad-script'
  | 'bad-transaction'
  | 'script-sig-too-long';

/** Bytes or text from outside that break a Bitcoin rule; the message says what was wrong and how right looks. */
export class BitcoinError extends Error {
  override readonly name = 'BitcoinError';
  readonly code: BitcoinErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: BitcoinErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
