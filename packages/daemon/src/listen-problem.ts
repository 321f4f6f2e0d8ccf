import { type Address, formatAddress } from './config/address.ts';
import type { Fields } from './config/field.ts';
import { tomlKey } from './config/names.ts';
import type { Problem } from './config/problem.ts';
import { toml } from './config/toml.ts';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken by another process',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'may not be listened on by this user',
  ENOTFOUND: 'cannot be found: no such name',
  EAI_AGAIN: 'cannot be found: the name service does not answer',
};

/**
 * What an error means for whoever wrote the configuration, when it is that a configured address cannot be listened on;
 * undefined for every other error.
 */
export function listenProblem(error: unknown, fields: Fields, values: object): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, port, hostname } = error as NodeJS.ErrnoException & { port?: number; hostname?: string };
  const reason = REASONS[code ?? ''];
  if (reason === undefined) return undefined;
  for (const [name, value] of Object.entries(values)) {
    if (!isAddress(value)) continue;
    const isMeant = syscall === 'listen' ? value.port === port : syscall === 'getaddrinfo' && value.host === hostname;
    if (!isMeant) continue;
    const field = fields[name];
    const key = tomlKey(name);
    const right = code !== 'EADDRINUSE' && field?.kind === 'value' ? field.sample : nextPort(value);
    return { source: '', key, wrong: `${formatAddress(value)} ${reason}`, example: `${key} = ${toml(right)}` };
  }
  return undefined;
}

function nextPort({ host, port }: Address): string {
  return formatAddress({ host, port: port < 65_535 ? port + 1 : 0 });
}

function isAddress(value: unknown): value is Address {
  return typeof value === 'object' && value !== null && 'host' in value && 'port' in value;
}
