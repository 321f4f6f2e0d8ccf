/** bitcoind, every role and scenarios between them; a decrypting man in the middle for what may go wrong on the way. */
export { Authority } from './authority.ts';
export { type BackEnd, canUse, ipcNode } from './back-end.ts';
export { type DraftJob, blockOf, customJobOf, declarationOf, draftJob, spaceOf } from './draft-job.ts';
export { DeadlineError, eventually, within } from './deadline.ts';
export * as lies from './lies.ts';
export { HashWatch } from './hash-watch.ts';
export { jdClientToml, jdServerToml, SOLO_SCRIPT, type UpstreamPair } from './job-declaration-roles.ts';
export {
  type JdClientWishes,
  type JdServerWishes,
  Lab,
  type PoolWishes,
  type TranslatorToV1Wishes,
  type TranslatorWishes,
} from './lab.ts';
export { Mailbox } from './mailbox.ts';
export {
  type AnyMessage,
  type Held,
  ManInTheMiddle,
  type MiddleOptions,
  type Relayed,
  type Rule,
  type Side,
  type Verdict,
} from './man-in-the-middle.ts';
export { type NodeDoor, type NodeOptions, TestNode } from './node.ts';
export { type ProcessUsage, usageOf } from './process-usage.ts';
export { RawPeer } from './raw-peer.ts';
export { RoleHere } from './role-here.ts';
export { RoleProcess } from './role-process.ts';
export { PAYOUT_ADDRESS, PAYOUT_SCRIPT, POOL_TAG, poolToml, templateProviderToml } from './roles.ts';
export { type CustomJob, type DeclaratorOptions, type Refusal, TestDeclarator } from './test-declarator.ts';
export { type MadeTransaction, makeTransactions, sendTransactions } from './transactions.ts';
export { SMALL_COINBASE, type TemplateWork, TestTemplateClient } from './test-template-client.ts';
export { search, type Share, type TestChannel, TestMiner } from './test-miner.ts';
export { TestV1Miner, type V1Answer, type V1Manners, type V1MinerOptions } from './test-v1-miner.ts';
export { TestV1Pool, type V1PoolBlock, type V1PoolOptions, type V1PoolShare } from './test-v1-pool.ts';
export type { V1PoolPeer } from './v1-pool-peer.ts';
export type { V1Line } from './json-lines.ts';
export type { V1Job, V1Share, V1Wish } from './v1-job.ts';
export type { ShownBlock, ShownTransaction } from './shown-block.ts';
export { type Passed, Relay } from './relay.ts';
export { type SelfSigned, selfSigned } from './self-signed.ts';
export { findMount, NO_SMALL_DISK, SmallDisk } from './small-disk.ts';
export {
  DESKTOP,
  findChromium,
  type Misdeeds,
  NO_CHROMIUM,
  openBrowser,
  openPage,
  PHONE,
  sharesOfDevice,
} from './dashboard/browser.ts';
export { buildPage, LiveStack } from './dashboard/live-stack.ts';
