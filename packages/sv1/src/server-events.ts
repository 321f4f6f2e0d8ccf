import type { MalformedReason, StratumError } from './errors.ts';
import type { Authorise, Configure, Submit, Subscribe } from './miner-requests.ts';
import type { PasswordFields, UserIdentity } from './names.ts';

/** Requests that the host answers. */
export type Answerable = Configure | Subscribe | Authorise | Submit;

/** What a miner's bytes mean to the host. Those with a `request` want one answer, now or later. */
export type Sv1ServerEvent =
  | { readonly type: 'configure'; readonly request: Configure }
  | { readonly type: 'subscribe'; readonly request: Subscribe }
  | {
      readonly type: 'authorise';
      readonly request: Authorise;
      readonly identity: UserIdentity;
      readonly password: PasswordFields;
    }
  | { readonly type: 'submit'; readonly request: Submit }
  /** A hint at the difficulty that the miner would like; bounds are the host's. */
  | { readonly type: 'suggestion'; readonly difficulty: number }
  /** The miner understands mining.set_extranonce. */
  | { readonly type: 'extranonce-subscribed' }
  /** The answer to client.get_version. */
  | { readonly type: 'version'; readonly userAgent: string }
  /** A request that the session has refused itself. */
  | { readonly type: 'refused'; readonly method: string; readonly error: StratumError }
  /** A method that nobody here knows; it got an error as answer. */
  | { readonly type: 'unknown'; readonly method: string }
  | { readonly type: 'malformed'; readonly reason: MalformedReason };

/**
 * How far a miner has come, whatever the order of its requests. Work goes out in `mining` alone: subscribed and
 * authorised, both answered.
 */
export type ServerState =
  | { readonly phase: 'fresh' }
  | { readonly phase: 'subscribed' }
  | { readonly phase: 'authorised' }
  | { readonly phase: 'mining' };

/** What is settled about version rolling (BIP310). */
export type VersionRolling =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'settled'; readonly asked: number; readonly mask: number };
