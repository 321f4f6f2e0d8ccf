import { type Address, parseConfig, type ServiceDeps } from '@sv2kit/daemon';
import { Events, type RoleApi } from '@sv2kit/monitor';
import { formatUrl } from '@sv2kit/noise';
import { createTranslator, type Translator, type TranslatorConfig, translatorConfig } from '@sv2kit/translator';
import { startPart } from './part.ts';

const TRANSLATOR = 'translator';

/** A role of this process that miners are to reach over Stratum V1 too. */
export interface MinersRole {
  /** Where it listens for Stratum V2. */
  readonly address: Address;
  /** x-only, 32 bytes. */
  readonly authorityPublicKey: Uint8Array;
}

export interface V1PortOptions {
  /** What its lines and conditions are told apart by. */
  readonly name: string;
  readonly listen: Address;
  /** What is to be otherwise than a translator has it by itself. */
  readonly tune?: (config: TranslatorConfig) => TranslatorConfig;
}

/**
 * Lets Stratum V1 miners in: a translator to the role's own port, with a channel for each miner under the name that it
 * gives itself, so that the role knows every one of them.
 *
 * @throws ConfigError for `listen_v1` when that address cannot be had
 */
export async function startV1Port(role: MinersRole, options: V1PortOptions, deps: ServiceDeps): Promise<Translator> {
  const { name, listen } = options;
  const config = v1PortConfig(role, options);
  // What happens to a miner is told once, by the role.
  const own = { ...deps, events: new Events() };
  return await startPart({ name, table: '', listenKey: 'listen_v1', listen }, own, (part) =>
    createTranslator(config, part),
  );
}

/** What it tells below /api/v1: its miners, channels and shares are the role's, which tells of them; connections are not. */
export function ofConnections({ listens, peers }: RoleApi): RoleApi {
  return { ...(listens && { listens }), ...(peers && { peers }) };
}

/** What the translator is configured with. */
export function v1PortConfig(
  role: MinersRole,
  { listen, tune = (config) => config }: Pick<V1PortOptions, 'listen' | 'tune'>,
): TranslatorConfig {
  const { host, port } = role.address;
  const url = formatUrl({ host: nearest(host), port, authority: role.authorityPublicKey });
  const toml = `[[upstreams]]\nurl = ${JSON.stringify(url)}\n`;
  return tune({ ...parseConfig(translatorConfig, toml, { name: TRANSLATOR }), listen });
}

/** An address of this machine that reaches what listens on `host`. */
function nearest(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}
