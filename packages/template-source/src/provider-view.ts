import type { UpstreamView } from '@sv2kit/monitor';
import { upstreamFacts } from '@sv2kit/upstream';
import type { TemplateLine } from './template-line.ts';

/**
 * The template provider in use, or the search for one.
 *
 * @param working whether miners are served: else work is not stale
 * @param nowMs unix milliseconds
 */
export function providerView(line: TemplateLine, working: boolean, nowMs: number): UpstreamView {
  const { state, reason, endpoint, primary = null } = upstreamFacts(line.state);
  return {
    name: 'template-provider',
    kind: 'template-provider',
    state: String(state),
    active: line.backed,
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof endpoint === 'string' ? { url: endpoint } : {}),
    stats: { primary, height: line.height, workStaleForMs: working ? line.staleForMs(nowMs) : null },
  };
}
