import type { MonitorOptions } from '../options.ts';
import type { RoleApi } from '../role-api.ts';

/** What the role answers, with where the surface is among what it listens on: a role does not know of its surface. */
export function withOwnAddress(api: () => RoleApi, own: () => MonitorOptions['address']): () => RoleApi {
  return () => {
    const told = api();
    const { listens } = told;
    if (listens === undefined) return told;
    return {
      ...told,
      async listens() {
        const { host, port } = own();
        return [...((await listens.call(told)) ?? []), { protocol: 'monitoring', host, port }];
      },
    };
  };
}
