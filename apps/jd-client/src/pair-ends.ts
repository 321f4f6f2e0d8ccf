import { DECLARE_TX_DATA, jobDeclaration, mining, REQUIRES_WORK_SELECTION, utf8 } from '@sv2kit/codec';
import type { Failure } from '@sv2kit/declaration';
import type { Logger } from '@sv2kit/net';
import {
  createUpstream,
  type Upstream,
  type UpstreamCloseReason,
  type UpstreamState,
  type UpstreamStates,
} from '@sv2kit/upstream';
import { DeclaratorLink, type DeclaratorLinkOptions } from './declarator-link.ts';
import type { PairContext } from './pair-context.ts';
import { PoolLink, type PoolLinkOptions } from './pool-link.ts';
import type { ListedUpstream } from './upstream-config.ts';

/** What both ends of a pair are connected with. */
export interface EndOptions {
  readonly config: ListedUpstream;
  readonly context: PairContext;
  readonly log: Logger;
  /** Hears of every state. */
  readonly states: UpstreamStates;
  /** Not reached; tried again by itself. */
  onAway(failure: Failure): void;
}

const SETUP = { vendor: 'sv2kit', hardwareVersion: 'jd-client' } as const;
/** The worker behind each share (extension 0x0002). */
const EXTENSIONS = { supported: [2], required: [] } as const;

/** Keeps a connection to the pool; each new one is told by `onLink`. */
export function connectPool(
  options: EndOptions & Pick<PoolLinkOptions, 'onChannel' | 'onTarget' | 'onFailure'>,
  onLink: (link: PoolLink) => void,
): Upstream {
  const { config, context, log, states, onChannel, onTarget, onFailure, onAway } = options;
  const { knobs, hashrate, tipKnownSinceMs, totals, clock, metrics } = context;
  return createUpstream({
    ...common(options, config.pool),
    protocol: mining,
    setup: () => ({ ...SETUP, flags: REQUIRES_WORK_SELECTION }),
    extensions: EXTENSIONS,
    metrics: metrics.pools,
    onState: (state) => {
      states.saw(state, clock.now());
      tellAway(state, 'pool-away', onAway);
    },
    handler: (connection) => {
      const link = new PoolLink(connection, {
        ...knobs.pool,
        userIdentity: utf8(config.userIdentity),
        hashrate,
        tipKnownSinceMs,
        totals,
        shareToAnswer: metrics.shareToAnswer,
        clock,
        log,
        onChannel,
        onTarget,
        onFailure,
        onGone: (code) => tellGone(code, 'pool-away', onAway),
      });
      onLink(link);
      link.start();
      return link;
    },
  });
}

/** Keeps a connection to the job declarator server; each new one is told by `onLink`. */
export function connectDeclarator(
  options: EndOptions & Pick<DeclaratorLinkOptions, 'onToken'>,
  onLink: (link: DeclaratorLink) => void,
): Upstream {
  const { config, context, log, states, onToken, onAway } = options;
  const { knobs, totals, clock, metrics } = context;
  return createUpstream({
    ...common(options, config.declarator),
    protocol: jobDeclaration,
    setup: () => ({ ...SETUP, flags: config.mode === 'full-template' ? DECLARE_TX_DATA : 0 }),
    metrics: metrics.declarators,
    onState: (state) => {
      states.saw(state, clock.now());
      tellAway(state, 'jds-away', onAway);
    },
    handler: (connection) => {
      const link = new DeclaratorLink(connection, {
        userIdentity: utf8(config.userIdentity),
        tokens: knobs.tokens,
        totals,
        clock,
        log,
        onToken,
        onGone: (code) => tellGone(code, 'jds-away', onAway),
      });
      link.start();
      onLink(link);
      return link;
    },
  });
}

function common(
  { context: { knobs, clock, connections, security }, log }: EndOptions,
  endpoint: ListedUpstream['pool'],
) {
  const policy = { backoffMs: knobs.retry.firstMs, maxBackoffMs: knobs.retry.mostMs, stableMs: 1_000 };
  return { endpoints: [endpoint], policy, clock, connections, log, ...(security === undefined ? {} : { security }) };
}

/** A server that sends us to reconnect is not away: the next connection is there already (§3.6.5). */
function tellGone(code: string, reason: 'pool-away' | 'jds-away', onAway: EndOptions['onAway']): void {
  if (code !== ('replaced' satisfies UpstreamCloseReason)) onAway({ reason, detail: code });
}

function tellAway(state: UpstreamState, reason: 'pool-away' | 'jds-away', onAway: EndOptions['onAway']): void {
  if (state.kind === 'waiting') onAway({ reason, detail: state.reason });
}
