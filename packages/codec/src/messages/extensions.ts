// Extension 0x0001: which other extensions may be used on this connection.
import { message, type MessageOf } from '../declare.ts';
import { seq0_64k, u16 } from '../data-types.ts';

/** The extension that negotiates extensions. */
export const EXTENSIONS_NEGOTIATION = 0x0001;
/** Worker-specific hashrate tracking: `user_identity` beside each extended share. */
export const WORKER_HASHRATE_TRACKING = 0x0002;

const extensionType = EXTENSIONS_NEGOTIATION;

/** Client -> server: the extensions that the client wishes to use. Extension 0x0001, 2. */
export const RequestExtensions = message(
  'RequestExtensions',
  0x00,
  { requestId: u16, requestedExtensions: seq0_64k(u16) },
  { extensionType },
);
export type RequestExtensions = MessageOf<typeof RequestExtensions>;

/** Server -> client: those of them that the server supports. Extension 0x0001, 2. */
export const RequestExtensionsSuccess = message(
  'RequestExtensionsSuccess',
  0x01,
  { requestId: u16, supportedExtensions: seq0_64k(u16) },
  { extensionType },
);
export type RequestExtensionsSuccess = MessageOf<typeof RequestExtensionsSuccess>;

/** Server -> client: none is supported, or one that the server requires was not asked for. Extension 0x0001, 2. */
export const RequestExtensionsError = message(
  'RequestExtensionsError',
  0x02,
  { requestId: u16, unsupportedExtensions: seq0_64k(u16), requiredExtensions: seq0_64k(u16) },
  { extensionType },
);
export type RequestExtensionsError = MessageOf<typeof RequestExtensionsError>;
