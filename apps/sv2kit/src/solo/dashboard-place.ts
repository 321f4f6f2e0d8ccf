import { createServer } from 'node:net';

const HOST = '127.0.0.1';
const PORT = 8080;

/** Where the dashboard is to be. */
export interface DashboardPlace {
  /** Undefined for none, or when that is for the configuration to say. */
  readonly address?: string | undefined;
  /** Where it would have been: somebody else is there. */
  readonly taken?: string;
}

/** What has a say in it. */
interface Wishes {
  readonly dashboard?: string | undefined;
  readonly config?: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
}

/** Where it was asked for; else at the usual port, or at another that is free. A configuration says it itself. */
export async function dashboardPlace({ dashboard, config, environment }: Wishes, port = PORT): Promise<DashboardPlace> {
  if (dashboard === 'none') return {};
  if (dashboard !== undefined) return { address: dashboard };
  if (config !== undefined || environment['SV2KIT_SOLO__MONITORING'] !== undefined) return {};
  const usual = `${HOST}:${port}`;
  if ((await tryPort(port)) !== undefined) return { address: usual };
  const other = await tryPort(0);
  return other === undefined ? { taken: usual } : { address: `${HOST}:${other}`, taken: usual };
}

/** @returns the port, which is free again; undefined when it cannot be had */
async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  server.once('error', () => resolve(undefined));
  server.listen({ host: HOST, port, exclusive: true }, () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
  });
  return await promise;
}
