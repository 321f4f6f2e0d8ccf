import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '@sv2kit/bitcoind';
import {
  eventually,
  jdClientToml,
  jdServerToml,
  Lab,
  poolToml,
  type RoleProcess,
  TestMiner,
  type TestNode,
} from '@sv2kit/regtest';
import { MeasuredProcess } from './measured-process.ts';

/** Blocks until the first rewards can be spent. */
const MATURE = 110;
/** On regtest, whatever is hashed is a share. */
const EASIEST = { minDifficulty: 1e-12, sharesPerMinute: 1e6 } as const;
const QUIET = '[log]\nlevel = "error"\n';
const SECONDS_A_DAY = 86_400;

/**
 * Job declaration with everything that is real: two connected nodes, a template provider at each, a pool and its job
 * declarator server in one process, a job declarator client in another.
 */
export class DeclarationScene implements AsyncDisposable {
  readonly lab: Lab;
  readonly miners: TestNode;
  readonly pool: MeasuredProcess;
  readonly client: MeasuredProcess;
  readonly #poolPort: number;
  readonly #clientPort: number;
  readonly #stack: AsyncDisposableStack;

  /** @param emptyAhead - whether a new tip comes with an empty template, and the full one behind it */
  static async open({ emptyAhead, profile }: SceneOptions): Promise<DeclarationScene> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(await Lab.open('regtest'));
    await lab.node.mine(MATURE);
    const miners = await lab.minersNode();
    // Templates come with tips alone, so that each run is one of them.
    const wishes = { feeInterval: SECONDS_A_DAY, emptyAhead: emptyAhead ? 'named' : 'never' } as const;
    const poolsProvider = lab.templateProviderProcess(wishes);
    const minersProvider = lab.templateProviderProcess({ ...wishes, node: miners, dataDir: join(lab.folder, 'm-tp') });
    const [poolPort = 0, poolMonitoring = 0, jdsPort = 0, clientPort = 0, clientMonitoring = 0] = await freePorts(5);
    const base = { lab, stack, profile };
    const pool = await startPool(base, { provider: poolsProvider, poolPort, jdsPort, monitoring: poolMonitoring });
    const upstream = { poolUrl: lab.authority.url(poolPort), jdsUrl: lab.authority.url(jdsPort) };
    const ports = { provider: minersProvider, clientPort, monitoring: clientMonitoring };
    const client = await startClient(base, { ...ports, upstream });
    return new DeclarationScene({ lab, miners, pool, client, poolPort, clientPort }, stack.move());
  }

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.lab = parts.lab;
    this.miners = parts.miners;
    this.pool = parts.pool;
    this.client = parts.client;
    this.#poolPort = parts.poolPort;
    this.#clientPort = parts.clientPort;
    this.#stack = stack;
  }

  /** At the pool itself. */
  async poolsMiner(): Promise<TestMiner> {
    return await this.#miner(this.#poolPort);
  }

  /** At the job declarator client. */
  async clientsMiner(): Promise<TestMiner> {
    return await this.#miner(this.#clientPort);
  }

  /** Resolves when the client has work that its pool has acknowledged. */
  async pooled(): Promise<void> {
    await eventually('the client to mine for its pool', async () => {
      const { details } = await this.client.status();
      const { kind } = (details?.['work'] ?? {}) as { readonly kind?: string };
      return kind === 'pooled' || undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #miner(port: number): Promise<TestMiner> {
    return await TestMiner.connect({ port, authority: this.lab.authority.publicKey });
  }
}

interface SceneOptions {
  readonly emptyAhead: boolean;
  readonly profile?: string | undefined;
}

interface Parts {
  readonly lab: Lab;
  readonly miners: TestNode;
  readonly pool: MeasuredProcess;
  readonly client: MeasuredProcess;
  readonly poolPort: number;
  readonly clientPort: number;
}

interface Base {
  readonly lab: Lab;
  readonly stack: AsyncDisposableStack;
  readonly profile: string | undefined;
}

function configFile({ lab }: Base, name: string, monitoring: number, toml: string): string {
  const file = join(lab.folder, `${name}.toml`);
  writeFileSync(file, `monitoring = "127.0.0.1:${monitoring}"\n${toml}\n${QUIET}`);
  return file;
}

async function startPool(
  base: Base,
  place: { provider: RoleProcess; poolPort: number; jdsPort: number; monitoring: number },
): Promise<MeasuredProcess> {
  const { lab, stack, profile } = base;
  const { node, authority, folder } = lab;
  const own = { node, chain: node.chain, authoritySecretFile: authority.secretFile } as const;
  const jdsFile = join(folder, 'jds.toml');
  const jds = { ...own, dataDir: join(folder, 'jds'), tokenKeyFile: join(folder, 'token.key'), port: place.jdsPort };
  writeFileSync(jdsFile, jdServerToml(jds));
  const templateProviders = [authority.url(await place.provider.port())];
  const pool = { ...own, ...EASIEST, dataDir: join(folder, 'pool'), templateProviders, port: place.poolPort };
  const process = new MeasuredProcess({
    main: new URL('./declaring-pool-main.ts', import.meta.url),
    args: ['--config', configFile(base, 'pool', place.monitoring, poolToml(pool))],
    env: { JDS_CONFIG: jdsFile },
    monitoring: `127.0.0.1:${place.monitoring}`,
    profile,
  });
  stack.use(process);
  await process.started();
  return process;
}

async function startClient(
  base: Base,
  place: {
    provider: RoleProcess;
    clientPort: number;
    monitoring: number;
    upstream: { poolUrl: string; jdsUrl: string };
  },
): Promise<MeasuredProcess> {
  const { lab, stack, profile } = base;
  const { node, authority, folder } = lab;
  const toml = jdClientToml({
    ...EASIEST,
    chain: node.chain,
    authoritySecretFile: authority.secretFile,
    dataDir: join(folder, 'jdc'),
    templateProviders: [authority.url(await place.provider.port())],
    upstreams: [place.upstream],
    port: place.clientPort,
  });
  const process = new MeasuredProcess({
    main: new URL('./jd-client-main.ts', import.meta.url),
    args: ['--config', configFile(base, 'jdc', place.monitoring, toml)],
    monitoring: `127.0.0.1:${place.monitoring}`,
    profile,
  });
  stack.use(process);
  await process.started();
  return process;
}
