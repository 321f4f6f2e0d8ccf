import { nearest, UsageError } from '@sv2kit/daemon';
import { type ReadableConfig, readable } from '../config/readable.ts';
import { type Role, roles } from '../roles.ts';

/** What can be a service: every role, and mining alone. */
export type Runnable = Pick<Role, 'name' | 'summary' | 'config'>;

const solo: Runnable = {
  name: 'solo',
  summary: 'Mines alone with your own node.',
  async config(): Promise<ReadableConfig> {
    const { soloConfig } = await import('../solo/config.ts');
    return readable('solo', soloConfig);
  },
};

const runnables: readonly Runnable[] = [...roles, solo];

/** @throws UsageError */
export function runnableOf(name: string | undefined): Runnable {
  const names = runnables.map((each) => each.name);
  if (name === undefined) throw new UsageError(`the ROLE is missing, one of ${names.join(', ')}`);
  const found = runnables.find((each) => each.name === name);
  if (found !== undefined) return found;
  const meant = nearest(name, names);
  throw new UsageError(`there is no role '${name}'${meant === undefined ? '' : `; did you mean '${meant}'?`}`);
}

/** In the order of their starts; a service is stopped before those that it needs. */
const STAGES: readonly (readonly string[])[] = [
  ['template-provider', 'jd-server'],
  ['pool', 'pool-with-jds'],
  ['jd-client'],
  ['translator'],
  ['translator-to-v1'],
  ['mining-device'],
];

const SPEAK_TO_NODE = ['template-provider', 'jd-server', 'pool', 'pool-with-jds', 'solo'];
const NODE_UNITS = ['bitcoind.service', 'bitcoin.service'];
const KEEP_LEDGER = ['pool', 'pool-with-jds', 'jd-client', 'translator-to-v1'];
const SHARE_TOKEN_KEY = ['pool', 'jd-server', 'pool-with-jds'];

/** Units that a service of the role comes after, where they are there. */
export function unitsBefore(role: string): readonly string[] {
  const stage = STAGES.findIndex((names) => names.includes(role));
  return [
    ...(SPEAK_TO_NODE.includes(role) ? NODE_UNITS : []),
    ...(KEEP_LEDGER.includes(role) ? ['postgresql.service'] : []),
    ...STAGES.slice(0, Math.max(stage, 0)).flatMap((names) => names.map((name) => `sv2kit-${name}.service`)),
  ];
}

/** Whether it is one of those that share the key of a job declarator's tokens. */
export function sharesTokenKey(role: string): boolean {
  return SHARE_TOKEN_KEY.includes(role);
}
