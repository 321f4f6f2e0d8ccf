import { fromUtf8 } from '@sv2kit/codec';
import type { BlockStatus } from '@sv2kit/ledger';
import type { FoundBlock } from '@sv2kit/mining-server';

/** A found block as the status shows it. */
export interface BlockReport {
  readonly height: number;
  /** As explorers show it. */
  readonly hash: string;
  /** Whose work it was. */
  readonly path: FoundBlock['path'];
  readonly via: FoundBlock['via'];
  readonly device: string;
  readonly userIdentity: string;
  readonly worker?: string;
  readonly state: BlockStatus['status'];
  /** Who said so: a node, `template-provider`, another way, or `finder` when nobody here can hand the block on. */
  readonly by: string;
  readonly foundAtMs: number;
}

/** @param hash as explorers show it */
export function blockReport(block: FoundBlock, hash: string, state: BlockStatus['status'], by: string): BlockReport {
  const { height, path, via, device, userIdentity, worker, foundAtMs } = block;
  return {
    height,
    hash,
    path,
    via,
    device,
    userIdentity: fromUtf8(userIdentity),
    ...(worker === undefined ? {} : { worker: fromUtf8(worker) }),
    state,
    by,
    foundAtMs,
  };
}
