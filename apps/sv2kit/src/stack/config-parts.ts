import type { Bitcoind } from '@sv2kit/bitcoind';
import { formatUrl } from '@sv2kit/noise';
import type { Layout } from './layout.ts';
import type { NodeLink } from './node-link.ts';
import type { Pace } from './pacing.ts';
import type { StackPorts } from './ports.ts';
import type { RoleKeyFiles, StackKeys } from './stack-keys.ts';

const HOST = '127.0.0.1';

/** What a role needs to know of a bitcoind. */
export interface NodeFacts extends Pick<Bitcoind, 'chain' | 'rpcUrl' | 'cookieFile' | 'zmqHashBlock' | 'ipcSocket'> {
  /** Where it tells of its mempool. */
  readonly zmqSequence?: string;
}

/** What the configurations are made of. */
export interface StackParts {
  readonly layout: Layout;
  /** The pool's. */
  readonly node: NodeFacts;
  readonly minerNode?: NodeFacts;
  readonly ports: StackPorts;
  readonly keys: StackKeys;
  readonly pace: Pace;
  /** How the roles speak to their bitcoinds. */
  readonly link: NodeLink;
}

/** What is logged, and how: lines of JSON are what the stack reads. */
export const log = `
[log]
level = "info"
format = "json"
`;

/** With the addresses at which it listens and is monitored. */
export function head(name: string, { ports }: StackParts, role: string): string {
  const [port, monitoring] = [ports.services.get(name), ports.monitoring.get(name)];
  return `# The stack's ${name}. Written at each start of the stack; copy it before you change it.
# By itself: sv2kit ${role} --config FILE
${monitoring === undefined ? '' : `monitoring = ${address(monitoring)}`}
${port === undefined ? '' : `listen = ${address(port)}`}`.trimEnd();
}

/** @throws TypeError for a role without keys */
export function identity(files: RoleKeyFiles | undefined): string {
  if (files === undefined) throw new TypeError('a role that listens has keys');
  return `
[identity]
static_key_file = ${quoted(files.staticKeyFile)}
certificate_file = ${quoted(files.certificateFile)}
`;
}

/** Of a service that speaks Stratum V2, in quotes. */
export function url(parts: StackParts, service: string): string {
  return quoted(formatUrl({ host: HOST, port: portOf(parts, service), authority: parts.keys.authority }));
}

/** Of a service that speaks Stratum V1, in quotes. */
export function v1Url(parts: StackParts, service: string): string {
  return quoted(`stratum+tcp://${HOST}:${portOf(parts, service)}`);
}

function portOf({ ports }: StackParts, service: string): number {
  const port = ports.services.get(service);
  if (port === undefined) throw new TypeError(`there is no ${service} in this stack`);
  return port;
}

/** Of this machine, in quotes. */
export function address(port: number): string {
  return quoted(`${HOST}:${port}`);
}

/** JSON's strings are TOML's. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
