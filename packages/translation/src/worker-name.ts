import { fromUtf8, utf8 } from '@sv2kit/codec';
import { splitUsername } from '@sv2kit/sv1';
import { MAX_CHANNEL_IDENTITY, MAX_WORKER_NAME } from './limits.ts';

/** Text up to a number of UTF-8 bytes, cut between characters; a lone surrogate is U+FFFD. */
function cut(text: string, most: number): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length <= most) return bytes;
  let end = most;
  // A continuation byte behind the cut means that it is within a character.
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.slice(0, end);
}

/** What `account.worker` names as worker; the whole name where it has one part only; `miner<number>` where it is empty. */
function worker(username: string, number: number): string {
  const { account, worker: name } = splitUsername(username);
  return name || account || `miner${number}`;
}

/**
 * Whose a share is, for its extension field (0x0002 §1.1): the worker part of a V1 user name.
 *
 * @param number of the miner, for one that gives no name
 * @returns at most 32 bytes of UTF-8, cut between characters
 */
export function workerOf(username: string, number: number): Uint8Array {
  return cut(worker(username, number), MAX_WORKER_NAME);
}

/**
 * The user_identity that a miner's own channel is opened with (§5.3.4): `account.worker` under the operator's account, the
 * V1 user name as it is where there is none.
 *
 * @param account the operator's; undefined where each miner names its own
 * @param number of the miner, for one that names no worker
 * @returns at most 255 bytes of UTF-8, cut between characters
 */
export function channelIdentity(account: string | undefined, username: string, number: number): Uint8Array {
  if (account === undefined) return cut(username, MAX_CHANNEL_IDENTITY);
  const { worker: name } = splitUsername(username);
  const head = cut(account, MAX_CHANNEL_IDENTITY - MAX_WORKER_NAME - 1);
  return utf8(`${fromUtf8(head)}.${fromUtf8(cut(name || `miner${number}`, MAX_WORKER_NAME))}`);
}
