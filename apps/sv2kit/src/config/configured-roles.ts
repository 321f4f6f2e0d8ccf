import { nearest, UsageError } from '@sv2kit/daemon';
import { roles } from '../roles.ts';
import { type ReadableConfig, readable } from './readable.ts';

/** What can be configured: every role, and solo mining. */
export interface ConfiguredRole {
  readonly name: string;
  readonly config: () => Promise<ReadableConfig>;
}

const solo: ConfiguredRole = {
  name: 'solo',
  config: async () => {
    const { soloConfig } = await import('../solo/config.ts');
    return readable('solo', soloConfig);
  },
};

export const configuredRoles: readonly ConfiguredRole[] = [...roles, solo];

/** The names, for messages. */
export const ROLE_NAMES: readonly string[] = configuredRoles.map(({ name }) => name);

/** @throws UsageError with a did-you-mean */
export function roleOf(name: string): ConfiguredRole {
  const found = configuredRoles.find((role) => role.name === name);
  if (found !== undefined) return found;
  const meant = nearest(name, ROLE_NAMES);
  const hint = meant === undefined ? `: one of ${ROLE_NAMES.join(', ')}` : `; did you mean '${meant}'?`;
  throw new UsageError(`there is no role '${name}'${hint}`);
}

/** The role that a configuration names in its first comment: `# sv2kit pool`. */
export function roleInComment(text: string): ConfiguredRole | undefined {
  const [, name] = /^\s*#.*?\bsv2kit ([a-z0-9-]+)/.exec(text) ?? [];
  return configuredRoles.find((role) => role.name === name);
}
