import { type ScriptedUpstream, startUpstream, type UpstreamScript } from './scripted-upstream.ts';
import { openSite, type Site, type SiteOptions } from './site.ts';

/** A translator on one upstream that says what the test wants. */
export async function scripted(
  script: UpstreamScript = {},
  options: SiteOptions = {},
): Promise<{ upstream: ScriptedUpstream; site: Site }> {
  const upstream = await startUpstream(script);
  return { upstream, site: await openSite({ ...options, urls: [upstream.url] }) };
}
