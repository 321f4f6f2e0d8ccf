import { addressFromScript } from '@sv2kit/bitcoin';
import type { Bitcoind } from '@sv2kit/bitcoind';
import { formatUrl } from '@sv2kit/noise';
import type { Layout } from './layout.ts';
import type { Pace } from './pacing.ts';
import type { StackPorts } from './ports.ts';
import type { RoleKeyFiles, StackKeys } from './stack-keys.ts';

export const TEMPLATE_PROVIDER = 'template-provider';
export const POOL = 'pool';
/** Before the dot of every device's user identity. */
export const USER = 'stack';

const HOST = '127.0.0.1';
/** BIP173's example key: nobody's money, and an address on every chain. */
const REWARD_SCRIPT = Uint8Array.from(Buffer.from('0014751e76e8199196d454941c45d1b3a323f1433bd6', 'hex'));

/** What the configurations are made of. */
export interface StackParts {
  readonly layout: Layout;
  readonly node: Pick<Bitcoind, 'chain' | 'rpcUrl' | 'cookieFile' | 'zmqHashBlock'>;
  readonly ports: StackPorts;
  readonly keys: StackKeys;
  readonly pace: Pace;
}

/** A mining device of the stack. */
export interface DevicePlan {
  readonly name: string;
  readonly channel: 'standard' | 'extended';
}

/** Standard and extended channels by turns. */
export function planDevices(count: number): DevicePlan[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `device-${index + 1}`,
    channel: index % 2 === 0 ? 'standard' : 'extended',
  }));
}

export function templateProviderToml({ layout, node, ports, keys }: StackParts): string {
  return `${head(TEMPLATE_PROVIDER, ports)}
listen = ${address(ports.templateProvider)}
chain = ${quoted(node.chain)}
data_dir = ${quoted(layout.data(TEMPLATE_PROVIDER))}
${identity(keys.roles.get(TEMPLATE_PROVIDER))}
[[nodes]]
url = ${quoted(node.rpcUrl)}
cookie_file = ${quoted(node.cookieFile)}
${node.zmqHashBlock === undefined ? '' : `zmq_hash_block = ${quoted(node.zmqHashBlock)}\n`}${log}`;
}

export function poolToml({ layout, node, ports, keys, pace }: StackParts): string {
  return `${head(POOL, ports)}
listen = ${address(ports.pool)}
chain = ${quoted(node.chain)}
data_dir = ${quoted(layout.data(POOL))}
${identity(keys.roles.get(POOL))}
[[template_providers]]
url = ${quoted(formatUrl({ host: HOST, port: ports.templateProvider, authority: keys.authority }))}

[coinbase]
address = ${quoted(addressFromScript(REWARD_SCRIPT, node.chain) ?? '')}
tag = "/sv2kit stack/"

[mining]
shares_per_minute = ${pace.sharesPerMinute}
min_difficulty = ${pace.minDifficulty}
max_difficulty = ${pace.maxDifficulty}

# Found blocks go to this node as well as to the template provider.
[[nodes]]
url = ${quoted(node.rpcUrl)}
cookie_file = ${quoted(node.cookieFile)}
${log}`;
}

export function miningDeviceToml({ ports, keys, pace }: StackParts, device: DevicePlan): string {
  return `${head(device.name, ports, 'mining-device')}
user_identity = ${quoted(`${USER}.${device.name}`)}
channel = ${quoted(device.channel)}
threads = 1
# Paces the blocks of a private chain; a device that is to earn something has no throttle.
throttle = ${pace.throttle}

[[upstreams]]
url = ${quoted(formatUrl({ host: HOST, port: ports.pool, authority: keys.authority }))}

[device]
device_id = ${quoted(device.name)}
${log}`;
}

const log = `
[log]
level = "info"
format = "json"
`;

function head(name: string, ports: StackPorts, role = name): string {
  const monitoring = ports.monitoring.get(name);
  return `# The stack's ${name}. Written at each start of the stack; copy it before you change it.
# By itself: sv2kit ${role} --config FILE
${monitoring === undefined ? '' : `monitoring = ${address(monitoring)}`}`;
}

function identity(files: RoleKeyFiles | undefined): string {
  if (files === undefined) throw new TypeError('a role that listens has keys');
  return `
[identity]
static_key_file = ${quoted(files.staticKeyFile)}
certificate_file = ${quoted(files.certificateFile)}
`;
}

function address(port: number): string {
  return quoted(`${HOST}:${port}`);
}

/** JSON's strings are TOML's. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
