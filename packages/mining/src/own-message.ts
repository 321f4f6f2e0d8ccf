import type { MiningFromServer } from '@sv2kit/codec';

/** How a byte field of a message is kept: as a copy where it is a view onto a buffer that will be reused, or as it is. */
export type Keep = (bytes: Uint8Array) => Uint8Array;

export const copied: Keep = (bytes) => bytes.slice();
export const asItIs: Keep = (bytes) => bytes;

/**
 * The message with byte fields that stay, once for all channels that it is handed to (`ownMessages` of
 * {@link ClientOptions}). What holds no bytes that a client keeps is returned as it is.
 */
export function ownMessage(message: MiningFromServer): MiningFromServer {
  switch (message.type) {
    case 'OpenStandardMiningChannelSuccess':
    case 'OpenExtendedMiningChannelSuccess':
      return { ...message, target: message.target.slice(), extranoncePrefix: message.extranoncePrefix.slice() };
    case 'NewMiningJob':
      return { ...message, merkleRoot: message.merkleRoot.slice() };
    case 'NewExtendedMiningJob':
      return {
        ...message,
        coinbaseTxPrefix: message.coinbaseTxPrefix.slice(),
        coinbaseTxSuffix: message.coinbaseTxSuffix.slice(),
        merklePath: message.merklePath.map(copied),
      };
    case 'SetNewPrevHash':
      return { ...message, prevHash: message.prevHash.slice() };
    case 'SetTarget':
      return { ...message, maximumTarget: message.maximumTarget.slice() };
    case 'SetExtranoncePrefix':
      return { ...message, extranoncePrefix: message.extranoncePrefix.slice() };
    default:
      return message;
  }
}
