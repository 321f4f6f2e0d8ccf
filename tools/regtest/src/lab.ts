import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PrivateChain } from '@sv2kit/bitcoind';
import { jobDeclaration, mining, type Protocol, templateDistribution } from '@sv2kit/codec';
import type { JdClient } from '@sv2kit/jd-client';
import type { JdServer } from '@sv2kit/jd-server';
import type { MiningDevice } from '@sv2kit/mining-device';
import type { Pool } from '@sv2kit/pool';
import type { TemplateProvider } from '@sv2kit/template-provider';
import type { Translator, TranslatorToV1 } from '@sv2kit/translator';
import { Authority } from './authority.ts';
import { ManInTheMiddle } from './man-in-the-middle.ts';
import { type NodeOptions, TestNode } from './node.ts';
import { RoleHere } from './role-here.ts';
import { RoleProcess } from './role-process.ts';
import * as jd from './job-declaration-roles.ts';
import * as roles from './roles.ts';
import { SkippingClock } from './skipping-clock.ts';
import * as v1 from './translator-roles.ts';

/** How often roles look at what they have. */
const TICK_MS = 1000;

/**
 * Blocks of a chain so young that Bitcoin Core 31.0 makes no template on it over IPC (16), and that one block's time alone
 * is its median (11): over IPC nobody tells a median.
 */
const YOUNG = 20;

type Optional<T, K extends keyof T> = Omit<T, K> & Partial<Pick<T, K>>;
type OfLab = 'node' | 'dataDir' | 'authoritySecretFile';

/** What a scenario that names nothing gets: a folder for each role by name. */
export type TemplateProviderWishes = Optional<roles.TemplateProviderSettings, OfLab>;
export type PoolWishes = Optional<roles.PoolSettings, OfLab>;
export type JdServerWishes = Optional<jd.JdServerSettings, OfLab | 'chain' | 'tokenKeyFile'>;
export type TranslatorWishes = Optional<v1.TranslatorSettings, 'chain'>;
export type TranslatorToV1Wishes = Optional<v1.TranslatorToV1Settings, 'dataDir' | 'authoritySecretFile'>;
export type JdClientWishes = Optional<jd.JdClientSettings, 'chain' | 'dataDir' | 'authoritySecretFile'>;

/**
 * A folder, a chain, an authority and whatever roles a scenario starts: the roles are closed in reverse order, the
 * node goes last, and nothing is left.
 */
export class Lab implements AsyncDisposable {
  readonly folder: string;
  readonly node: TestNode;
  readonly authority: Authority;
  /** Time of every role in this process. */
  readonly clock = new SkippingClock();
  readonly #nodeOptions: NodeOptions;
  readonly #stack = new AsyncDisposableStack();

  /** @param options - of its node */
  static async open(chain: PrivateChain, options: NodeOptions = {}): Promise<Lab> {
    const folder = await mkdtemp(join(tmpdir(), 'sv2kit-scenario-'));
    try {
      const node = await TestNode.start(folder, chain, options);
      if (node.backEnd !== 'rpc' && chain === 'regtest') await node.mine(YOUNG);
      return new Lab(folder, options, node);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private constructor(folder: string, options: NodeOptions, node: TestNode) {
    this.folder = folder;
    this.#nodeOptions = options;
    this.node = node;
    this.authority = new Authority(folder);
    this.#stack.defer(() => rm(folder, { recursive: true, force: true }));
    this.#stack.use(node);
    this.#stack.use(this.clock);
  }

  /** Another node on the same chain, connected with the first one: the miner's, where that one is the pool's. */
  async minersNode(): Promise<TestNode> {
    const options = { ...this.#nodeOptions, name: 'miners-bitcoind' };
    const node = this.#stack.use(await TestNode.start(this.folder, this.node.chain, options));
    await node.connect(this.node);
    return node;
  }

  /** Started and following the node. */
  async templateProvider(wishes: TemplateProviderWishes = {}): Promise<RoleHere<TemplateProvider>> {
    const toml = roles.templateProviderToml({ ...this.#own('template-provider'), ...wishes });
    return this.#stack.use(await RoleHere.start(roles.templateProvider, toml, this.clock));
  }

  /**
   * Started; has work once its condition `templates` is met.
   *
   * @param declarator - its job declarator server, when that is to be in the same process
   */
  async pool(wishes: PoolWishes, declarator?: JdServer): Promise<RoleHere<Pool>> {
    const toml = roles.poolToml({ ...this.#own('pool'), ...wishes });
    const role = declarator === undefined ? roles.pool : jd.poolBeside(declarator);
    return this.#stack.use(await RoleHere.start(role, toml, this.clock));
  }

  /** A pool that has work. */
  async workingPool(wishes: PoolWishes, declarator?: JdServer): Promise<RoleHere<Pool>> {
    const pool = await this.pool(wishes, declarator);
    await this.clock.until(TICK_MS, pool.condition('templates', true));
    return pool;
  }

  async device(settings: roles.DeviceSettings): Promise<RoleHere<MiningDevice>> {
    return this.#stack.use(await RoleHere.start(roles.miningDevice, roles.deviceToml(settings), this.clock));
  }

  /** Started, and ready to check jobs, on the lab's node unless it is told otherwise. */
  async jdServer(wishes: JdServerWishes = {}): Promise<RoleHere<JdServer>> {
    const server = this.#stack.use(await RoleHere.start(jd.jdServer, this.#jdServerToml(wishes), this.clock));
    await this.clock.until(TICK_MS, server.well());
    return server;
  }

  /** Started; mines for its best pair, or alone, as soon as it can. */
  async jdClient(wishes: JdClientWishes): Promise<RoleHere<JdClient>> {
    return this.#stack.use(await RoleHere.start(jd.jdClient, this.#jdClientToml(wishes), this.clock));
  }

  /** Started; has work for miners as soon as an upstream of it has. */
  async translator(wishes: TranslatorWishes): Promise<RoleHere<Translator>> {
    const toml = v1.translatorToml({ chain: this.node.chain, ...wishes });
    return this.#stack.use(await RoleHere.start(v1.translator, toml, this.clock));
  }

  /** Started; has work for devices as soon as a pool has given it some. */
  async translatorToV1(wishes: TranslatorToV1Wishes): Promise<RoleHere<TranslatorToV1>> {
    const { dataDir, authoritySecretFile } = this.#own('translator-to-v1');
    const toml = v1.translatorToV1Toml({ dataDir, authoritySecretFile, ...wishes });
    return this.#stack.use(await RoleHere.start(v1.translatorToV1, toml, this.clock));
  }

  jdServerProcess(wishes: JdServerWishes = {}): RoleProcess {
    return this.#stack.use(RoleProcess.start('jd-server', this.#jdServerToml(wishes), this.folder));
  }

  jdClientProcess(wishes: JdClientWishes): RoleProcess {
    return this.#stack.use(RoleProcess.start('jd-client', this.#jdClientToml(wishes), this.folder));
  }

  /** @param through - a command that runs another, and its arguments */
  templateProviderProcess(wishes: TemplateProviderWishes = {}, through: readonly string[] = []): RoleProcess {
    const toml = roles.templateProviderToml({ ...this.#own('template-provider'), ...wishes });
    return this.#stack.use(RoleProcess.start('template-provider', toml, this.folder, through));
  }

  /** @param through - as for the template provider */
  poolProcess(wishes: PoolWishes, through: readonly string[] = []): RoleProcess {
    const toml = roles.poolToml({ ...this.#own('pool'), ...wishes });
    return this.#stack.use(RoleProcess.start('pool', toml, this.folder, through));
  }

  deviceProcess(settings: roles.DeviceSettings): RoleProcess {
    return this.#stack.use(RoleProcess.start('mining-device', roles.deviceToml(settings), this.folder));
  }

  /** Between miners and a pool. */
  async beforePool(port: number): Promise<ManInTheMiddle> {
    return await this.#middle(mining, port);
  }

  /** Between job declarator clients and their server. */
  async beforeJdServer(port: number): Promise<ManInTheMiddle> {
    return await this.#middle(jobDeclaration, port);
  }

  /** Between pools and a template provider. */
  async beforeTemplateProvider(port: number): Promise<ManInTheMiddle> {
    return await this.#middle(templateDistribution, port);
  }

  /** What a client of a server on that port is configured with. */
  url(
    server: { readonly port: number } | RoleHere<Pool | TemplateProvider | JdServer | JdClient | TranslatorToV1>,
  ): string {
    return this.authority.url('service' in server ? server.service.address.port : server.port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #middle(protocol: Protocol, port: number): Promise<ManInTheMiddle> {
    const upstream = { host: '127.0.0.1', port };
    return this.#stack.use(await ManInTheMiddle.listen({ protocol, upstream, identity: this.authority.identity() }));
  }

  #jdServerToml(wishes: JdServerWishes): string {
    const tokenKeyFile = join(this.folder, 'token.key');
    return jd.jdServerToml({ ...this.#own('jd-server'), chain: this.node.chain, tokenKeyFile, ...wishes });
  }

  #jdClientToml(wishes: JdClientWishes): string {
    const { dataDir, authoritySecretFile } = this.#own('jd-client');
    return jd.jdClientToml({ chain: this.node.chain, dataDir, authoritySecretFile, ...wishes });
  }

  #own(role: string): Pick<roles.PoolSettings, OfLab> {
    const { node, authority } = this;
    return { node, dataDir: join(this.folder, role), authoritySecretFile: authority.secretFile };
  }
}
