import type { HealthCode } from '@sv2kit/daemon';

/** How a template line is, as far as its trouble goes. */
export interface LineState {
  /** Whether miners have work. */
  readonly working: boolean;
  /** Whether a provider that is there stands behind that. */
  readonly backed: boolean;
  readonly upstream: { readonly ok: boolean; readonly reason?: string };
  /** The provider whose work is of the wrong chain, and the node that is on that too. */
  readonly wrong: { readonly provider: string; readonly by: string } | undefined;
  /** What the provider's work is behind. */
  readonly outrun: string | undefined;
  /** Since when there is nothing fresh, as a date; undefined when there never was. */
  readonly freshUntil: string | undefined;
}

/** Why something is wrong with a line's work: the same words as long as that lasts. Undefined when nothing is. */
export function troubleOf({ working, backed, upstream, wrong, outrun, freshUntil }: LineState): string | undefined {
  const since = freshUntil === undefined ? '' : ` since ${freshUntil}`;
  const refused =
    wrong &&
    `template provider ${wrong.provider} builds on the chain of node ${wrong.by}, which is refused as wrong: nothing of it is mined`;
  const away = upstream.reason ?? 'it gives no template';
  if (!working) {
    const nothingYet = since === '' ? 'no template yet' : `the template provider has given no template${since}`;
    return refused ?? outrun ?? (upstream.ok ? nothingYet : `nothing to mine${since}: ${away}`);
  }
  if (backed) return outrun;
  const unserved = `the work served has had no template provider${since}`;
  return refused === undefined ? `${unserved}: ${away}` : `${refused}; ${unserved}`;
}

/** What that means, for programs. */
export function troubleCode({ wrong, upstream, working }: LineState): HealthCode {
  if (wrong !== undefined) return 'wrong-chain';
  if (!upstream.ok) return 'upstream-lost';
  return working ? 'template-too-old' : 'no-template';
}
