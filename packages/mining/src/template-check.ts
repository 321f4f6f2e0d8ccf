import { BitcoinError, heightOf } from '@sv2kit/bitcoin';
import { Job } from './job.ts';
import { MAX_FULL_EXTRANONCE_SIZE } from './limits.ts';
import type { WorkTemplate } from './template.ts';

const NOBODY = { id: '', outputs: () => [] };

/**
 * What makes a template useless, whoever is paid and however large the extranonce: its height or outputs cannot be read,
 * or its script leaves no room. Asked once per template, so that a broken one ends its provider's connection and nobody
 * else's.
 */
export function templateProblem(template: WorkTemplate, tag: Uint8Array): string | undefined {
  try {
    heightOf(template.coinbasePrefix);
    const extranonceSize = MAX_FULL_EXTRANONCE_SIZE;
    new Job(0, template, { payout: NOBODY, tag, extranonceSize, versionRollingAllowed: true }, 0);
    return undefined;
  } catch (error) {
    if (error instanceof BitcoinError) return error.message;
    throw error;
  }
}
