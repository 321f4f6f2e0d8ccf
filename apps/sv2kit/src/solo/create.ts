import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig, type Service, type ServiceDeps, writeSecretFile } from '@sv2kit/daemon';
import { createJdClient, type JdClient, jdClientConfig } from '@sv2kit/jd-client';
import { formatUrl } from '@sv2kit/noise';
import type { Translator } from '@sv2kit/translator';
import { createTemplateProvider, type TemplateProvider, templateProviderConfig } from '@sv2kit/template-provider';
import { mergedApi } from '../compose/api.ts';
import { closeAll, drainAll, startPart } from '../compose/part.ts';
import { ofConnections, startV1Port } from '../compose/v1-port.ts';
import type { SoloConfig } from './config.ts';
import { findNode, type FoundNode, placeWords } from './node.ts';

const TEMPLATE_PROVIDER = 'template-provider';
const JD_CLIENT = 'jd-client';
const TRANSLATOR = 'translator';
const TELL_MS = 60_000;

/** Somebody mining alone. */
export interface Solo extends Service {
  readonly address: JdClient['address'];
  /** Where miners that speak Stratum V1 connect, if they can. */
  readonly v1Address: Translator['address'] | undefined;
  /** x-only, 32 bytes: what miners are configured with. */
  readonly authorityPublicKey: Uint8Array;
  readonly node: FoundNode;
}

/**
 * Starts everything that mining alone takes, in one process: a template provider on the node, a job declarator client
 * without a pool (§6.2) that miners connect to, and a translator for those that speak Stratum V1.
 *
 * @throws ConfigError when the node is on another chain, or an address to listen on is taken
 */
export async function createSolo(config: SoloConfig, deps: ServiceDeps): Promise<Solo> {
  const node = await findNode(config);
  const { look } = node;
  if (look.kind === 'away') deps.log.warn('the node is away and waited for', { reason: look.reason });
  else deps.log.info('the node is there', { at: placeWords(node), ipcFound: node.isIpcFound });
  const keyFile = authorityKey(config.dataDir);
  const parts: Service[] = [];
  const started = <S extends Service>(part: S): S => {
    parts.unshift(part);
    return part;
  };
  try {
    const provider = started(await startProvider(config, node, keyFile, deps));
    const client = started(await startClient(config, provider, keyFile, deps));
    const translator = await startTranslator(config, client, deps);
    if (translator !== undefined) started(translator);
    const status = () => ({
      jdClient: client.status?.() ?? {},
      templateProvider: provider.status?.() ?? {},
      ...(translator && { translator: translator.status() }),
    });
    const timer = deps.clock.every(TELL_MS, () => deps.log.info('mining', told(client)));
    return {
      address: client.address,
      v1Address: translator?.address,
      authorityPublicKey: client.authorityPublicKey,
      node,
      status,
      api: () =>
        mergedApi([
          { name: JD_CLIENT, service: client },
          { name: TEMPLATE_PROVIDER, service: provider },
          ...(translator === undefined
            ? []
            : [{ name: TRANSLATOR, service: { api: () => ofConnections(translator.api()) } }]),
        ]),
      drain: (untilMs) => drainAll(parts, untilMs, () => deps.clock.now()),
      close() {
        timer[Symbol.dispose]();
        return closeAll(parts);
      },
    };
  } catch (error) {
    await closeAll(parts);
    throw error;
  }
}

/** Only the client beside it connects. */
function startProvider(
  { chain, dataDir, chainGuard }: SoloConfig,
  node: FoundNode,
  keyFile: string,
  deps: ServiceDeps,
): Promise<TemplateProvider> {
  const toml = `listen = "127.0.0.1:0"
chain = ${quoted(chain)}
data_dir = ${quoted(dataDir)}
[identity]
authority_secret_file = ${quoted(keyFile)}
[[nodes]]
${nodeToml(node)}`;
  const own = { ...parseConfig(templateProviderConfig, toml, { name: TEMPLATE_PROVIDER }), chainGuard };
  return startPart({ name: TEMPLATE_PROVIDER, table: '', listen: own.listen }, deps, (part) =>
    createTemplateProvider(own, part),
  );
}

function nodeToml({ ipc, rpc, look }: FoundNode): string {
  const zmqHashBlock = look.kind === 'there' && rpc !== undefined ? look.zmqHashBlock : undefined;
  const { cookieFile, user, password } = {
    cookieFile: undefined,
    user: undefined,
    password: undefined,
    ...rpc?.credentials,
  };
  const entries = { ipc, url: rpc?.url, cookie_file: cookieFile, user, password, zmq_hash_block: zmqHashBlock };
  return Object.entries(entries)
    .map(([key, value]) => (value === undefined ? '' : `${key} = ${quoted(value)}\n`))
    .join('');
}

function startClient(
  { chain, dataDir, listen, coinbase }: SoloConfig,
  provider: TemplateProvider,
  keyFile: string,
  deps: ServiceDeps,
): Promise<JdClient> {
  const { host, port } = provider.address;
  const { address, descriptor, tag } = coinbase;
  const toml = `chain = ${quoted(chain)}
data_dir = ${quoted(dataDir)}
[identity]
authority_secret_file = ${quoted(keyFile)}
[[template_providers]]
url = ${quoted(formatUrl({ host, port, authority: provider.authorityPublicKey }))}
[coinbase]
${address === undefined ? `descriptor = ${quoted(descriptor ?? '')}` : `address = ${quoted(address)}`}
tag = ${quoted(tag)}
`;
  const own = { ...parseConfig(jdClientConfig, toml, { name: JD_CLIENT }), listen };
  return startPart({ name: JD_CLIENT, table: '', listen }, deps, (part) =>
    createJdClient(own, { ...part, nodes: provider.nodes }),
  );
}

/** Miners name themselves: a block is told by the user name of whoever found it. */
async function startTranslator(
  { listenV1: listen }: SoloConfig,
  client: JdClient,
  deps: ServiceDeps,
): Promise<Translator | undefined> {
  return listen === undefined ? undefined : await startV1Port(client, { name: TRANSLATOR, listen }, deps);
}

/** The key stays: miners know this machine by it. */
function authorityKey(dataDir: string): string {
  const file = join(dataDir, 'authority.key');
  if (existsSync(file)) return file;
  mkdirSync(dataDir, { recursive: true });
  const secret = Uint8Array.from(randomBytes(32));
  writeSecretFile(file, 'authority-secret', secret, ['Secret key that this miner is known by. Keep it.']);
  return file;
}

function told(client: JdClient): Record<string, unknown> {
  const status = client.status?.() ?? {};
  const pick = (name: string): unknown => status[name];
  return { channels: pick('channels'), hashrate: pick('hashrate'), blocks: pick('blocksFound') };
}

/** JSON's strings are TOML's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
