import { BIP323_MASK, BitcoinError } from '@sv2kit/bitcoin';
import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';
import type { WorkTemplate } from './template.ts';
import { NOBODY } from './recipe.ts';
import { templateJob } from './template-job.ts';

/**
 * What makes a template useless, whoever is paid and however large the extranonce: its height or outputs cannot be read,
 * or its script leaves no room. Asked once per template, so that a broken one ends its provider's connection and nobody
 * else's.
 */
export function templateProblem(template: WorkTemplate, tag: Uint8Array): string | undefined {
  try {
    const extranonceSize = MAX_FULL_EXTRANONCE_SIZE;
    templateJob(0, template, { payout: NOBODY, tag, extranonceSize, versionMask: BIP323_MASK, numbered: true }, 0);
    return undefined;
  } catch (error) {
    if (error instanceof BitcoinError) return error.message;
    throw error;
  }
}
