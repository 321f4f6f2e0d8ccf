import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@sv2kit/bitcoind';
import { formatUrl } from '@sv2kit/noise';
import { type MeasuredOptions, MeasuredProcess } from './measured-process.ts';

const MAIN = new URL('./translator-main.ts', import.meta.url);

export interface TranslatorProcessOptions {
  readonly upstream: { readonly port: number; readonly authority: Uint8Array };
  /** One upstream channel for all miners, not one for each. */
  readonly aggregate: boolean;
  /** Writes a CPU profile into this folder. */
  readonly profile?: string | undefined;
}

/** A translator for V1 miners as operators run it, in a process of its own; any nonce is a share. */
export class TranslatorProcess extends MeasuredProcess {
  readonly port: number;
  readonly #folder: string;

  constructor(options: MeasuredOptions, place: { port: number; folder: string }) {
    super(options);
    this.port = place.port;
    this.#folder = place.folder;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true });
  }
}

export async function startTranslator(options: TranslatorProcessOptions): Promise<TranslatorProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-bench-'));
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const monitoring = `127.0.0.1:${monitoringPort}`;
  const file = join(folder, 'translator.toml');
  writeFileSync(file, toml(options, { port, monitoring }));
  const { profile } = options;
  const measured = { main: MAIN, args: ['--config', file], monitoring, profile };
  const translator = new TranslatorProcess(measured, { port, folder });
  await translator.started();
  return translator;
}

/** Few miners make the shares of many: neither their difficulty nor a flood is to come of it. */
function toml(
  { upstream, aggregate }: TranslatorProcessOptions,
  { port, monitoring }: { port: number; monitoring: string },
): string {
  return `listen = "127.0.0.1:${port}"
monitoring = "${monitoring}"
aggregate_channels = ${aggregate}
[log]
level = "warn"
[[upstreams]]
url = "${formatUrl({ host: '127.0.0.1', ...upstream })}"
user_identity = "bench"
[miners]
shares_per_minute = 1000000
min_difficulty = 0.000000000001
start_difficulty = 0.000000000001
[limits]
shares_per_second = 100000
`;
}
