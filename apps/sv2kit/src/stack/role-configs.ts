import { join } from 'node:path';
import { addressFromScript } from '@sv2kit/bitcoin';
import { head, identity, log, type NodeFacts, quoted, type StackParts, url, v1Url } from './config-parts.ts';
import type { Pace } from './pacing.ts';
import { ANYBODYS } from './payment-transaction.ts';
import {
  type DevicePlan,
  JD_SERVER,
  MINER_TEMPLATES,
  POOL,
  type ServicePlan,
  TEMPLATE_PROVIDER,
  TRANSLATOR,
} from './plan.ts';

/** Before the dot of every user identity. */
export const USER = 'stack';

/** The configuration of a role that listens. */
export function serviceToml(parts: StackParts, plan: ServicePlan): string {
  switch (plan.package) {
    case 'template-provider':
      return templateProviderToml(parts, plan);
    case 'pool':
      return poolToml(parts, plan);
    case 'jd-server':
      return jdServerToml(parts, plan);
    case 'jd-client':
      return jdClientToml(parts, plan);
    case 'translator':
      return translatorToml(parts, plan);
    case 'translator-to-v1':
      return translatorToV1Toml(parts, plan);
    default:
      throw new TypeError(`${plan.name} does not listen`);
  }
}

function templateProviderToml(parts: StackParts, { name, package: role }: ServicePlan): string {
  const { layout, keys } = parts;
  const node = name === TEMPLATE_PROVIDER ? parts.node : minersOf(parts);
  return `${head(name, parts, role)}
chain = ${quoted(node.chain)}
data_dir = ${quoted(layout.data(name))}
${identity(keys.roles.get(name))}
${nodeTable(parts, node, node.zmqHashBlock)}${log}`;
}

function poolToml(parts: StackParts, { name, package: role }: ServicePlan): string {
  const { layout, node, keys, ports, pace } = parts;
  const hasDeclarator = ports.services.has(JD_SERVER);
  return `${head(name, parts, role)}
chain = ${quoted(node.chain)}
data_dir = ${quoted(layout.data(name))}
${identity(keys.roles.get(name))}
[[template_providers]]
url = ${url(parts, TEMPLATE_PROVIDER)}

${coinbase(ANYBODYS.pool, node, '/sv2kit stack/')}
${mining(pace)}
# Found blocks go to this node as well as to the template provider.
${nodeTable(parts, node)}${hasDeclarator ? declaredJobs(parts) : ''}${log}`;
}

/** The pool takes jobs that its job declarator server vouches for, and hands it the blocks found on them. */
function declaredJobs(parts: StackParts): string {
  return `
${tokens(parts)}
[[job_declarators]]
url = ${url(parts, JD_SERVER)}
`;
}

function jdServerToml(parts: StackParts, { name, package: role }: ServicePlan): string {
  const { layout, node, keys } = parts;
  return `${head(name, parts, role)}
chain = ${quoted(node.chain)}
data_dir = ${quoted(layout.data(name))}
${identity(keys.roles.get(name))}
# The pool's.
${coinbase(ANYBODYS.pool, node)}
${tokens(parts)}
# Checks the jobs that miners declare.
${nodeTable(parts, node, node.zmqHashBlock)}${node.zmqSequence === undefined ? '' : `zmq_sequence = ${quoted(node.zmqSequence)}\n`}${log}`;
}

function jdClientToml(parts: StackParts, { name, package: role, path }: ServicePlan): string {
  const { layout, keys, pace } = parts;
  const node = minersOf(parts);
  return `${head(name, parts, role)}
chain = ${quoted(node.chain)}
data_dir = ${quoted(layout.data(name))}
${identity(keys.roles.get(name))}
# The miner's own: here the transactions are chosen.
[[template_providers]]
url = ${url(parts, MINER_TEMPLATES)}

${path === 'solo' ? "# No [[upstreams]]: all blocks are the miner's own.\n" : upstreamTable(parts, name, path)}
# Where the miner's own blocks pay.
${coinbase(ANYBODYS.miner, node, '/sv2kit stack, miner/')}
${mining(pace)}${log}`;
}

function upstreamTable(parts: StackParts, name: string, path: ServicePlan['path']): string {
  return `# In order of preference. When none is left the miners go on alone, and come back.
[[upstreams]]
pool_url = ${url(parts, POOL)}
jds_url = ${url(parts, JD_SERVER)}
user_identity = ${quoted(`${USER}.${name}`)}
mode = ${quoted(path === 'coinbase-only' ? 'coinbase-only' : 'full-template')}
# A pool that wants its payout elsewhere is not the one that was agreed on.
payout_address = ${quoted(addressFromScript(ANYBODYS.pool, parts.node.chain) ?? '')}
`;
}

/** It passes the devices' user names on: blocks are told by them. */
function translatorToml(parts: StackParts, { name, package: role, server }: ServicePlan): string {
  const { sharesPerMinute, minDifficulty, startDifficulty } = parts.pace;
  return `${head(name, parts, role)}

[[upstreams]]
url = ${url(parts, server ?? POOL)}

[miners]
shares_per_minute = ${sharesPerMinute}
min_difficulty = ${minDifficulty}
start_difficulty = ${startDifficulty}
${log}`;
}

function translatorToV1Toml(parts: StackParts, { name, package: role, server, device }: ServicePlan): string {
  const { layout, keys } = parts;
  return `${head(name, parts, role)}
data_dir = ${quoted(layout.data(name))}
${identity(keys.roles.get(name))}
[[upstreams]]
url = ${v1Url(parts, server ?? TRANSLATOR)}
user = ${quoted(`${USER}.${device ?? name}`)}

${mining(parts.pace)}${log}`;
}

export function miningDeviceToml(parts: StackParts, { name, via, server }: DevicePlan): string {
  return `${head(name, parts, 'mining-device')}
user_identity = ${quoted(`${USER}.${name}`)}
${
  via === 'sv1'
    ? ''
    : `channel = ${quoted(via === 'sv2-extended' ? 'extended' : 'standard')}
`
}threads = 1
# Paces the blocks of a private chain; a device that is to earn something has no throttle.
throttle = ${parts.pace.throttle}

[[upstreams]]
url = ${via === 'sv1' ? v1Url(parts, server) : url(parts, server)}

[device]
device_id = ${quoted(name)}
${log}`;
}

function coinbase(script: Uint8Array, { chain }: NodeFacts, tag?: string): string {
  return `[coinbase]
address = ${quoted(addressFromScript(script, chain) ?? '')}
${tag === undefined ? '' : `tag = ${quoted(tag)}\n`}`;
}

function mining({ sharesPerMinute, minDifficulty, maxDifficulty }: Pace): string {
  return `[mining]
shares_per_minute = ${sharesPerMinute}
min_difficulty = ${minDifficulty}
max_difficulty = ${maxDifficulty}
`;
}

/** The same at the pool and at its job declarator server. */
function tokens({ layout }: StackParts): string {
  return `[job_declaration]
token_key_file = ${quoted(join(layout.keys, 'job-tokens.key'))}
`;
}

/** @param zmqHashBlock of use to RPC alone: over IPC tips are pushed */
function nodeTable({ link }: StackParts, { rpcUrl, cookieFile, ipcSocket }: NodeFacts, zmqHashBlock?: string): string {
  const rpc = `url = ${quoted(rpcUrl)}\ncookie_file = ${quoted(cookieFile)}\n`;
  if (link === 'rpc') {
    return `[[nodes]]\n${rpc}${zmqHashBlock === undefined ? '' : `zmq_hash_block = ${quoted(zmqHashBlock)}\n`}`;
  }
  if (ipcSocket === undefined) throw new TypeError('a node that is spoken to over IPC has a socket');
  return `[[nodes]]\nipc = ${quoted(ipcSocket)}\n${link === 'ipc' ? '' : rpc}`;
}

function minersOf({ minerNode }: StackParts): NodeFacts {
  if (minerNode === undefined) throw new TypeError("a role of the miner's side has the miner's node");
  return minerNode;
}
