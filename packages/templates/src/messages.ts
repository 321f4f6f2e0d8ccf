import type { NewTemplate, TemplateSetNewPrevHash } from '@sv2kit/codec';
import type { PublishedTip, TemplateRecord } from './template-book.ts';

/** NewTemplate (§7.2) of a record. */
export function newTemplate({ templateId, content }: TemplateRecord, futureTemplate: boolean): NewTemplate {
  return {
    type: 'NewTemplate',
    templateId,
    futureTemplate,
    version: content.version,
    ...content.coinbase,
    coinbaseTxValueRemaining: content.valueRemaining,
    coinbaseTxOutputsCount: content.outputsCount,
    coinbaseTxOutputs: content.outputs,
    merklePath: content.merklePath,
  };
}

/** SetNewPrevHash (§7.3) that activates a template. */
export function setNewPrevHash(templateId: bigint, tip: PublishedTip, headerTimestamp: number): TemplateSetNewPrevHash {
  return { type: 'SetNewPrevHash', templateId, ...tip, headerTimestamp };
}
