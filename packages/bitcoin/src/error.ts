/** What a value that came from outside can be wrong with. */
export const BITCOIN_ERRORS = {
  'bad-address': 'Text that is no address of the network; the message shows one that is.',
  'bad-coinbase': 'A coinbase without a BIP34 height, or one that is not stripped of its witness where it must be.',
  'bad-descriptor': 'An output descriptor that is malformed, has a wrong checksum, or is of a kind not supported.',
  'bad-header': 'A block header that is not 80 bytes.',
  'bad-nbits': 'Compact target bits that are negative or stand for more than 256 bits.',
  'bad-outputs': 'Serialized transaction outputs that end early, go on too long, or are not canonical.',
  'bad-transaction': 'A serialized transaction that ends early, goes on too long, or is not canonical.',
  'script-sig-too-long': 'Height, tag and extranonce together exceed the 100 bytes of a coinbase scriptSig.',
} as const;
export type BitcoinErrorCode = keyof typeof BITCOIN_ERRORS;

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
