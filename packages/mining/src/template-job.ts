import { buildCoinbase, decodeOutputs, heightOf, isWitnessCommitment } from '@sv2kit/bitcoin';
import { Job } from './job.ts';
import type { Recipe } from './recipe.ts';
import type { WorkTemplate } from './template.ts';

/**
 * Makes a template into a job by a recipe.
 * @param serial where the recipe numbers its jobs: its low 24 bits end the tag and so keep the search spaces of jobs from equal templates apart
 * @throws BitcoinError `bad-outputs` when the template's outputs are no outputs, `bad-coinbase` when its coinbase does not start with a height, `script-sig-too-long` when tag and extranonce do not fit the coinbase's script
 */
export function templateJob(id: number, template: WorkTemplate, recipe: Recipe, serial: number): Job {
  const { extranonceSize, versionMask, numbered, payout } = recipe;
  const { version, merklePath } = template;
  const coinbase = buildCoinbase({
    txVersion: template.coinbaseTxVersion,
    scriptSigPrefix: template.coinbasePrefix,
    tag: numbered ? numberedTag(recipe.tag, serial) : markedTag(recipe.tag, payout.mark?.()),
    extranonceSize,
    sequence: template.coinbaseTxInputSequence,
    outputs: payout.outputs(template.coinbaseTxValueRemaining),
    templateOutputs: { count: template.coinbaseTxOutputsCount, bytes: template.coinbaseTxOutputs },
    locktime: template.coinbaseTxLocktime,
    segwit: commitsToWitnesses(template),
  });
  const height = heightOf(template.coinbasePrefix);
  const origin = { kind: 'template', template } as const;
  return new Job({ id, origin, version, merklePath, coinbase, numbered, versionMask, height, credit: 1 });
}

/** Only a coinbase that commits to witnesses carries one of its own (BIP141). */
function commitsToWitnesses({ coinbaseTxOutputs, coinbaseTxOutputsCount }: WorkTemplate): boolean {
  return decodeOutputs(coinbaseTxOutputs, coinbaseTxOutputsCount).some(isWitnessCommitment);
}

/** The tag of a job without a number. @param mark asked of the payout */
export function markedTag(tag: Uint8Array, mark: Uint8Array | undefined): Uint8Array {
  if (mark === undefined || mark.length === 0) return tag;
  const bytes = new Uint8Array(tag.length + mark.length);
  bytes.set(tag);
  bytes.set(mark, tag.length);
  return bytes;
}

/** The tag and three little-endian bytes of the serial: so many jobs no template lasts for. */
function numberedTag(tag: Uint8Array, serial: number): Uint8Array {
  const bytes = new Uint8Array(tag.length + 3);
  bytes.set(tag);
  bytes[tag.length] = serial;
  bytes[tag.length + 1] = serial >>> 8;
  bytes[tag.length + 2] = serial >>> 16;
  return bytes;
}
