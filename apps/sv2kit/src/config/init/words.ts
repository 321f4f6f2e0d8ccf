import { parseOptions } from '@sv2kit/daemon';

/** What can be said on the command line of `init`. */
export const INIT_OPTIONS = {
  out: { type: 'string' },
  force: { type: 'boolean' },
  chain: { type: 'string' },
  address: { type: 'string' },
  node: { type: 'string' },
  cookie: { type: 'string' },
  data: { type: 'string' },
  listen: { type: 'string' },
  templates: { type: 'string' },
  upstream: { type: 'string' },
  declarator: { type: 'string' },
  user: { type: 'string' },
} as const;

export type InitWords = ReturnType<typeof parseOptions<typeof INIT_OPTIONS>>['values'];
