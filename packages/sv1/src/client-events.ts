import type { Subscription, Verdict } from './answers.ts';
import type { MalformedReason, StratumError } from './errors.ts';
import type { Notify } from './work.ts';

/** A job of a pool, with what held when it came: what its shares are judged by, whatever changes later. */
export interface PoolJob {
  readonly notify: Notify;
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  /** Least difficulty of the shares that the pool takes. */
  readonly difficulty: number;
  /** Version bits that may be rolled; 0 for none. */
  readonly versionMask: number;
}

/** What a pool's bytes mean to the host. */
export type Sv1ClientEvent =
  | { readonly type: 'subscribed'; readonly subscription: Subscription }
  /** Shares may be submitted. The version mask is settled: it changes by a `version-mask` event alone. */
  | { readonly type: 'ready'; readonly subscription: Subscription; readonly versionMask: number }
  /** The pool does not want us, or gives no usable extranonce; the connection is of no use. */
  | { readonly type: 'denied'; readonly step: 'subscribe' | 'authorise'; readonly error: StratumError }
  /** The pool's answer to a further user name. @see Sv1ClientSession.authorise */
  | { readonly type: 'worker'; readonly username: string; readonly verdict: Verdict }
  | { readonly type: 'version-mask'; readonly mask: number }
  /** Holds for jobs that follow. */
  | { readonly type: 'difficulty'; readonly difficulty: number }
  /** Holds for jobs that follow. */
  | { readonly type: 'extranonce'; readonly extranonce1: Uint8Array; readonly extranonce2Size: number }
  | { readonly type: 'job'; readonly job: PoolJob }
  /** The pool's answer to a share. @see Sv1ClientSession.submit */
  | { readonly type: 'verdict'; readonly ticket: number; readonly verdict: Verdict }
  /** To a host that is allowed; the caller closes and connects. */
  | { readonly type: 'reconnect'; readonly host: string; readonly port: number; readonly waitSeconds: number }
  /** To a host that is not: nothing is to be done. */
  | { readonly type: 'reconnect-refused'; readonly host: string }
  /** For people: client.show_message. */
  | { readonly type: 'message'; readonly text: string }
  /** A known method with parameters that make no sense. */
  | { readonly type: 'invalid'; readonly method: string; readonly problem: string }
  | { readonly type: 'unknown'; readonly method: string }
  | { readonly type: 'malformed'; readonly reason: MalformedReason };

/** How far the connection to a pool has come. `subscription` is as it was answered; jobs have the extranonce of their time. */
export type ClientState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'subscribing' }
  | { readonly phase: 'authorising'; readonly subscription: Subscription }
  | { readonly phase: 'working'; readonly subscription: Subscription }
  | { readonly phase: 'denied' };
