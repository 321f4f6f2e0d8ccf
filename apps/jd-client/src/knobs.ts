import {
  type DeclarationPatience,
  PAIR_POLICY,
  type PairPolicy,
  type RejectionPolicy,
  TOKEN_POLICY,
  type TokenPolicy,
} from '@sv2kit/declaration';
import type { JdClientConfig } from './config.ts';
import { JD_CLIENT_LIMITS } from './limits.ts';

/** Every figure of fallback, in milliseconds, as the machines take them. */
export interface Knobs {
  readonly tokens: TokenPolicy;
  readonly declaration: DeclarationPatience;
  readonly pairs: PairPolicy;
  readonly pool: {
    readonly minExtranonceSize: number;
    readonly versionRolling: boolean;
    readonly rejections: RejectionPolicy;
    readonly patience: { readonly channelMs: number; readonly shareMs: number };
  };
  /** Between tries to connect. */
  readonly retry: { readonly firstMs: number; readonly mostMs: number };
  /** How long the first pool is waited for before devices mine solo. */
  readonly startWaitMs: number;
}

/** `[fallback]` and `[mining]` as the machines take them. */
export function knobsOf({ fallback, mining }: Pick<JdClientConfig, 'fallback' | 'mining'>): Knobs {
  const ms = (seconds: number): number => Math.round(seconds * 1000);
  const graceMs = ms(fallback.tipGrace);
  const benchMs = ms(fallback.passOver);
  return {
    tokens: { ...TOKEN_POLICY, answerMs: ms(fallback.token) },
    declaration: { declareMs: ms(fallback.declare), setMs: ms(fallback.customJob), graceMs },
    pairs: { ...PAIR_POLICY, staggerMs: ms(fallback.nextAfter), benchMs, stableMs: ms(fallback.stable) },
    pool: {
      minExtranonceSize: JD_CLIENT_LIMITS.indexBytes + mining.extranonceRoom,
      versionRolling: mining.versionRolling,
      rejections: { rejected: fallback.rejectedShares, ofLast: fallback.ofLast, graceMs },
      patience: { channelMs: ms(fallback.customJob), shareMs: ms(fallback.shareAcknowledgement) },
    },
    retry: { firstMs: Math.min(500, ms(fallback.retry)), mostMs: ms(fallback.retry) },
    startWaitMs: ms(fallback.startWait),
  };
}
