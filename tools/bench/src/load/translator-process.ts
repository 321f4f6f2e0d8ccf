import { formatUrl } from '@sv2kit/noise';
import { type Place, type PlacedProcess, startPlaced } from './placed-process.ts';

const MAIN = new URL('./translator-main.ts', import.meta.url);

export interface TranslatorProcessOptions {
  readonly upstream: { readonly port: number; readonly authority: Uint8Array };
  /** One upstream channel for all miners, not one for each. */
  readonly aggregate: boolean;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A translator for V1 miners as operators run it, in a process of its own; any nonce is a share. */
export async function startTranslator(options: TranslatorProcessOptions): Promise<PlacedProcess> {
  return await startPlaced({ main: MAIN, toml: (place) => toml(options, place), profile: options.profile });
}

/** Few miners make the shares of many: neither their difficulty nor a flood is to come of it. */
function toml(
  { upstream: { port, authority }, aggregate }: TranslatorProcessOptions,
  { port: own, monitoring }: Place,
): string {
  return `listen = "127.0.0.1:${own}"
monitoring = "${monitoring}"
aggregate_channels = ${aggregate}
[log]
level = "warn"
[[upstreams]]
url = "${formatUrl({ host: '127.0.0.1', port, authority })}"
user_identity = "bench"
[miners]
shares_per_minute = 1000000
min_difficulty = 0.000000000001
start_difficulty = 0.000000000001
[limits]
shares_per_second = 100000
`;
}
