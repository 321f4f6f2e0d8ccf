import { displayHash, fromDisplayHash } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { BlockStatus } from '@sv2kit/ledger';
import type { FoundBlock } from '@sv2kit/mining-server';

type Status = BlockStatus['status'];

/** A found block as the status shows it. */
export interface BlockReport {
  readonly height: number;
  /** As explorers show it. */
  readonly hash: string;
  /** Whose work it was. */
  readonly path: string;
  readonly via: string;
  /** Not known of blocks of an earlier run. */
  readonly device?: string;
  readonly userIdentity: string;
  readonly worker?: string;
  readonly state: Status;
  /** Who said so: a node, `template-provider`, another way, or `finder` when nobody here can hand the block on. */
  readonly by: string;
  readonly foundAtMs: number;
  /** Blocks of the best chain from it on; absent outside the best chain. */
  readonly confirmations?: number;
}

/** A block of an earlier run, as the ledger has it. */
export interface UnsettledBlock {
  /** As explorers show it. */
  readonly hash: string;
  readonly height: number | undefined;
  readonly status: Status | 'found';
  readonly by: string;
  readonly reason: string;
  readonly foundAtMs: number | undefined;
  readonly user: string;
  readonly worker: string;
  readonly via: string;
  readonly path: string;
}

/** What is known of a block. */
export interface BlockEntry {
  /** Internal byte order. */
  readonly hash: Uint8Array;
  readonly name: string;
  readonly height: number;
  readonly told: Pick<BlockReport, 'path' | 'via' | 'device' | 'userIdentity' | 'worker' | 'foundAtMs'>;
  status: Status;
  by: string;
  confirmations: number;
}

export function entryOf(block: FoundBlock, by: string): BlockEntry {
  const { hash } = block.solution;
  const { path, via, device, userIdentity, worker, foundAtMs, height } = block;
  const names = { userIdentity: fromUtf8(userIdentity), ...(worker === undefined ? {} : { worker: fromUtf8(worker) }) };
  const told = { path, via, device, ...names, foundAtMs };
  return { hash, name: displayHash(hash), height, told, status: 'submitted', by, confirmations: 0 };
}

/** Undefined of a block that only its fate is known of. */
export function restoredEntry(block: UnsettledBlock): BlockEntry | undefined {
  const { hash, height, status, by, reason, foundAtMs, user, worker, via, path } = block;
  if (height === undefined) return undefined;
  return {
    hash: fromDisplayHash(hash),
    name: hash,
    height,
    told: { path, via, userIdentity: worker === '' ? user : `${user}.${worker}`, foundAtMs: foundAtMs ?? 0 },
    status: status === 'found' ? 'submitted' : status,
    by,
    confirmations: status === 'confirmed' ? confirmationsIn(reason) : 0,
  };
}

export function blockReport({ name, height, told, status, by, confirmations }: BlockEntry): BlockReport {
  const more = confirmations === 0 ? {} : { confirmations };
  return { height, hash: name, ...told, state: status, by, ...more };
}

/** The reason of a record of a block in the best chain: how deep it is there. */
export function confirmationsText(confirmations: number): string {
  return confirmations === 1 ? '1 confirmation' : `${confirmations} confirmations`;
}

function confirmationsIn(reason: string): number {
  return Number(/^\d+/.exec(reason)?.[0] ?? 1);
}
