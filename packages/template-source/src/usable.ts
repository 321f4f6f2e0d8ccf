import { BitcoinError, compareTargets, targetFromNbits } from '@sv2kit/bitcoin';
import { ProtocolError } from '@sv2kit/codec';
import { templateProblem, type Tip, type WorkTemplate } from '@sv2kit/mining';
import type { WorkTip } from '@sv2kit/templates';
import type { TemplateSourceErrorCode } from './errors.ts';

/** @throws ProtocolError `unusable-template`: the next provider may do better */
export function checkTemplate(template: WorkTemplate, tag: Uint8Array): void {
  const reason = templateProblem(template, tag);
  if (reason !== undefined) throw unusable(template.templateId, reason);
}

/**
 * The tip as miners are served with it. A block is what the network takes for one: the easier of the provider's target
 * and nbits' own (§7.3).
 *
 * @throws ProtocolError `unusable-template`
 */
export function miningTip({ prevHash, nbits, headerTimestamp: minNtime, target, templateId }: WorkTip): Tip {
  try {
    const own = targetFromNbits(nbits);
    return { prevHash, nbits, minNtime, target: compareTargets(target, own) > 0 ? target : own };
  } catch (error) {
    if (error instanceof BitcoinError) throw unusable(templateId, error.message);
    throw error;
  }
}

function unusable(templateId: bigint, reason: string): ProtocolError<TemplateSourceErrorCode> {
  return new ProtocolError('unusable-template', { templateId, reason });
}
