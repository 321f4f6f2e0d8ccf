import { type NewTemplate, ProtocolError, type TemplateSetNewPrevHash } from '@sv2kit/codec';
import type { TemplateServerErrorCode } from './errors.ts';

/** What a server makes jobs from: NewTemplate (§7.2) without its wire dress. */
export type WorkTemplate = Omit<NewTemplate, 'type' | 'futureTemplate'>;
/** The tip that jobs build on: SetNewPrevHash (§7.3) without its wire dress. */
export type WorkTip = Omit<TemplateSetNewPrevHash, 'type'>;

const MAX_COINBASE_PREFIX = 8;

/**
 * The template of a message, in bytes of its own.
 *
 * @throws ProtocolError `coinbase-prefix-too-long`
 */
export function workTemplate(message: NewTemplate): WorkTemplate {
  const { type: _type, futureTemplate: _future, ...template } = message;
  if (template.coinbasePrefix.length > MAX_COINBASE_PREFIX) {
    throw new ProtocolError<TemplateServerErrorCode>('coinbase-prefix-too-long', {
      templateId: template.templateId,
      length: template.coinbasePrefix.length,
    });
  }
  return {
    ...template,
    coinbasePrefix: copy(template.coinbasePrefix),
    coinbaseTxOutputs: copy(template.coinbaseTxOutputs),
    merklePath: template.merklePath.map(copy),
  };
}

/** The tip of a message, in bytes of its own. */
export function workTip({ type: _type, ...tip }: TemplateSetNewPrevHash): WorkTip {
  return { ...tip, prevHash: copy(tip.prevHash), target: copy(tip.target) };
}

/** A copy whatever kind of array it is: `slice` of Node's Buffer is a view. */
function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
