import { BitcoinError, sameBytes, targetFromNbits } from '@sv2kit/bitcoin';
import { IpcError } from './client/ipc-error.ts';
import type { TipRef } from './client/types.ts';
import type { TemplateReading } from './held-template.ts';

/**
 * Refuses a template whose parts no block can have together.
 *
 * @param tip a block of the node's, if any is known
 * @throws IpcError `malformed`
 */
export function checkTemplate({ header, height }: TemplateReading, tip: TipRef | undefined, path: string): void {
  const problem = targetProblem(header.nbits) ?? heightProblem(header.prevHash, height, tip);
  if (problem === undefined) return;
  const text = `the node at ${path} made a template that cannot be right (${problem}): `;
  throw new IpcError('malformed', `${text}see that sv2kit knows this version of the node`, { path });
}

function targetProblem(nbits: number): string | undefined {
  try {
    return targetFromNbits(nbits).some((byte) => byte !== 0) ? undefined : 'a target of zero';
  } catch (error) {
    if (error instanceof BitcoinError) return error.message;
    throw error;
  }
}

function heightProblem(prevHash: Uint8Array, height: number, tip: TipRef | undefined): string | undefined {
  if (tip === undefined || height === tip.height + 1 || !sameBytes(prevHash, tip.hash)) return undefined;
  return `block ${height} on block ${tip.height}`;
}
