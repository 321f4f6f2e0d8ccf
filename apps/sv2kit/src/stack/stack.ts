import { RpcError } from '@sv2kit/bitcoin-node';
import type { BitcoindBinary } from '@sv2kit/bitcoind';
import { dashboardPage } from '@sv2kit/dashboard';
import { awaitedWays, BlockBook, type Ways } from './block-book.ts';
import type { NodeFacts, StackParts } from './config-parts.ts';
import { createRoles } from './create-roles.ts';
import { DASHBOARD, DASHBOARD_PLAN, dashboardToml, dashboardUrl, serves } from './dashboard.ts';
import type { LatencyFigures, RoleView, Screen, StackBlock, StackStatus } from './events.ts';
import { mineFirstBlocks } from './first-blocks.ts';
import { createLayout, type Layout } from './layout.ts';
import { NodeRole } from './node-role.ts';
import { NoIpcError } from './node-link.ts';
import type { StackOptions } from './options.ts';
import { paceOf } from './pacing.ts';
import { pairNodes } from './pairing.ts';
import { mineRewards, Payments } from './payments.ts';
import { hasIdentity, MINER_NODE, NODE, planStack, POOL, STAGES, type StackPlan } from './plan.ts';
import { PortClaims } from './port-claims.ts';
import { choosePorts, type StackPorts } from './ports.ts';
import { ready } from './ready.ts';
import type { Role } from './role.ts';
import { miningDeviceToml, serviceToml } from './role-configs.ts';
import { createStackKeys } from './stack-keys.ts';
import { addShares, declaredWork, foundBlocks, number, type RoleStatus, shareCounts } from './status.ts';
import { together } from './together.ts';

/** Every role of the stack, from the first start to the last stop. */
export class Stack {
  readonly #options: StackOptions;
  readonly #screen: Screen;
  readonly #startedMs: number;
  readonly #ipcNode: BitcoindBinary | undefined;
  readonly #plan: StackPlan;
  readonly #node: NodeRole;
  readonly #minerNode: NodeRole | undefined;
  readonly #book: BlockBook;
  readonly #payments: Payments | undefined;
  readonly #claims = new PortClaims();
  #roles: ReadonlyMap<string, Role> = new Map();
  /** Where its page is. */
  #dashboard: string | undefined;

  /**
   * @param startedMs of the monotonic clock
   * @param ipcNode what to run for bitcoind where IPC is wanted
   */
  constructor(options: StackOptions, screen: Screen, startedMs: number, ipcNode?: BitcoindBinary) {
    this.#options = options;
    this.#screen = screen;
    this.#startedMs = startedMs;
    this.#ipcNode = ipcNode;
    this.#plan = planStack(options.paths, { v2: options.devices, v1: options.v1Devices, v2OnV1: options.v2OnV1 });
    this.#node = this.#nodeRole(NODE);
    this.#minerNode = this.#plan.hasMinerSide ? this.#nodeRole(MINER_NODE) : undefined;
    if (options.payments) this.#payments = this.#paymentsOver(this.#node, this.#minerNode);
    this.#book = new BlockBook(this.#nodes, new Map(this.#plan.devices.map(({ name, via }) => [name, via])));
  }

  /** The ways in which its blocks are to come about. */
  get ways(): Ways {
    const { devices } = this.#plan;
    return {
      vias: new Set(devices.map(({ via }) => via)),
      paths: new Set(devices.map(({ path }) => path)),
    };
  }

  /** A role that ended by itself, and without which there is no stack. */
  get failed(): RoleView | undefined {
    return this.#views().find(({ name, state }) => state === 'failed' && name !== DASHBOARD);
  }

  /**
   * Starts one stage after the other, each when the one before is ready; the devices last and together.
   *
   * @throws CommandError, NoIpcError, BitcoindError; whatever the signal's abort makes of what is under way
   */
  async start(signal: AbortSignal): Promise<void> {
    const layout = await createLayout(this.#options.dataDir, this.#options.chain);
    const ports = await this.#choosePorts();
    this.#roles = this.#createRoles(layout, ports);
    for (const role of this.#views()) this.#screen.show({ kind: 'role', role });
    // First, so that one can watch the others start.
    await together(signal, [
      (either) => this.#startDashboard(ports, either),
      (either) => this.#startAll(layout, ports, either),
    ]);
  }

  async #startDashboard(ports: StackPorts, signal: AbortSignal): Promise<void> {
    const role = this.#roles.get(DASHBOARD);
    if (role === undefined) return;
    await role.start(
      dashboardToml(
        ports,
        [...this.#roles.keys()].filter((name) => name !== DASHBOARD),
      ),
    );
    if (!(await serves(role, signal))) return;
    this.#dashboard = dashboardUrl(ports);
    if (this.#dashboard !== undefined) this.#screen.show({ kind: 'dashboard', url: this.#dashboard });
    if (dashboardPage() === undefined) {
      this.#screen.show({ kind: 'notice', text: "the dashboard's page is not built: npm run build, then start anew" });
    }
  }

  async #startAll(layout: Layout, ports: StackPorts, signal: AbortSignal): Promise<void> {
    const { services, devices } = this.#plan;
    const keys = createStackKeys(
      layout.keys,
      services.filter(hasIdentity).map(({ name }) => name),
      Date.now(),
    );
    const nodes = await this.#startNodes(layout, signal);
    const difficulty = await this.#node.difficulty();
    const pace = paceOf(this.#options.chain, difficulty, devices.length);
    const parts: StackParts = { layout, ...nodes, ports, keys, pace, link: this.#options.link };
    for (const stage of STAGES) {
      const members = services.filter((service) => service.stage === stage);
      await together(
        signal,
        members.map((service) => async (either) => {
          const role = this.#role(service.name);
          await role.start(serviceToml(parts, service));
          await ready(role, either);
        }),
      );
    }
    await Promise.all(devices.map((device) => this.#role(device.name).start(miningDeviceToml(parts, device))));
    await this.#claims[Symbol.asyncDispose]();
  }

  /** Asks every role how it is; returns the blocks that are new in the best chains. */
  async poll(): Promise<StackBlock[]> {
    await Promise.all([...this.#nodes, ...this.#roles.values()].map((role) => role.poll()));
    await this.#payments?.step(performance.now());
    try {
      return await this.#book.update(this.#tellers().flatMap((teller) => foundBlocks(this.#details(teller))));
    } catch (error) {
      // A bitcoind that is busy is asked again; one that has ended says so itself.
      if (error instanceof RpcError) return [];
      throw error;
    }
  }

  /** Asks the best chains about every block once more. */
  verifyAll(): Promise<void> {
    return this.#book.verifyAll();
  }

  status(): StackStatus {
    const { chain, blocks } = this.#options;
    // What is mined for the pool is told by it.
    const soloists = this.#plan.services.filter(({ path }) => path === 'solo').map(({ name }) => name);
    const servers = [POOL, ...soloists].map((name) => this.#details(name));
    return {
      chain,
      elapsedSeconds: (performance.now() - this.#startedMs) / 1_000,
      ...(this.#dashboard === undefined ? {} : { dashboard: this.#dashboard }),
      height: this.#node.height,
      blocks: this.#book.confirmed,
      ...(blocks === undefined ? {} : { wanted: blocks }),
      awaited: blocks === undefined ? [] : awaitedWays(this.#book.confirmed, blocks, this.ways),
      shares: addShares(servers.map(shareCounts)),
      declared: declaredWork(this.#details(POOL)),
      hashrate: servers.reduce((sum, details) => sum + number(details, 'hashrate'), 0),
      roles: this.#views(),
      latency: this.#latency(),
    };
  }

  /** Those who ask before those who answer; the nodes, and who watches, last. */
  async stop(): Promise<void> {
    const { services, devices } = this.#plan;
    const stop = (names: readonly { readonly name: string }[]): Promise<unknown> =>
      Promise.all(names.map(({ name }) => this.#roles.get(name)?.stop() ?? Promise.resolve()));
    await stop(devices);
    for (const stage of STAGES.toReversed()) {
      await stop(services.filter((service) => service.stage === stage));
    }
    await Promise.all([...this.#nodes.map((node) => node.stop()), stop([DASHBOARD_PLAN])]);
  }

  /** Everything at once. */
  async kill(): Promise<void> {
    await Promise.all([...this.#roles.values(), ...this.#nodes].map((role) => role.kill()));
  }

  get #nodes(): NodeRole[] {
    return this.#minerNode === undefined ? [this.#node] : [this.#node, this.#minerNode];
  }

  #nodeRole(name: string): NodeRole {
    const node: NodeRole = new NodeRole(name, () => this.#screen.show({ kind: 'role', role: node.view() }));
    return node;
  }

  #paymentsOver(pool: NodeRole, miner: NodeRole | undefined): Payments {
    const tell = (text: string): void => this.#screen.show({ kind: 'notice', text });
    return new Payments(miner === undefined ? { pool } : { pool, miner }, { random: Math.random, tell });
  }

  #choosePorts(): Promise<StackPorts> {
    const { services, devices } = this.#plan;
    const notice = (line: string): void => this.#screen.show({ kind: 'notice', text: line });
    const names = [...services, ...devices].map(({ name }) => name);
    const watching = this.#options.dashboard ? [DASHBOARD_PLAN] : [];
    const monitored = [POOL, ...names.filter((name) => name !== POOL), ...watching.map(({ name }) => name)];
    return choosePorts(this.#options.ports, [...services, ...watching], monitored, notice, this.#claims);
  }

  /** The miner's goes on from the pool's chain: they know each other. */
  async #startNodes(layout: Layout, signal: AbortSignal): Promise<{ node: NodeFacts; minerNode?: NodeFacts }> {
    const { chain, link } = this.#options;
    const miner = this.#minerNode;
    const binary = this.#ipcNode ?? (await this.#node.obtain(this.#options, layout, signal));
    const place = { chain, layout, link };
    if (miner === undefined) {
      const alone = await this.#node.start(binary, { ...place, peering: [] }, signal);
      await this.#mineFirst(alone, signal);
      return { node: alone };
    }
    const { listening, dialling, peer, zmqSequence } = await pairNodes(link);
    const [node, minerNode] = await together(signal, [
      (either) => this.#node.start(binary, { ...place, peering: listening }, either),
      (either) => miner.start(binary, { ...place, peering: dialling }, either),
    ]);
    if (node === undefined || minerNode === undefined) throw new TypeError('two nodes were started');
    await this.#mineFirst(node, signal);
    await miner.join(this.#node, peer, signal);
    return { node: { ...node, ...(zmqSequence === undefined ? {} : { zmqSequence }) }, minerNode };
  }

  /** @throws NoIpcError when there is nothing but IPC, and that is of no use */
  async #mineFirst(node: NodeFacts, signal: AbortSignal): Promise<void> {
    const notice = (text: string): void => this.#screen.show({ kind: 'notice', text });
    if (this.#options.payments && node.chain === 'regtest') await mineRewards(this.#node);
    const trouble = await mineFirstBlocks(node, signal, notice);
    if (trouble === undefined || signal.aborted) return;
    if (this.#options.link === 'ipc') throw new NoIpcError(`--ipc-only: ${trouble}`);
    notice(`--ipc: ${trouble}; the roles use RPC meanwhile`);
  }

  #createRoles(layout: Layout, ports: StackPorts): ReadonlyMap<string, Role> {
    const onChange = (changed: Role): void => this.#screen.show({ kind: 'role', role: changed.view() });
    return createRoles(this.#plan, { layout, ports, link: this.#options.link, onChange });
  }

  #role(name: string): Role {
    const role = this.#roles.get(name);
    if (role === undefined) throw new TypeError(`no ${name} was planned`);
    return role;
  }

  /** Who tells of blocks: those who know the device before the pool, which knows who declared. */
  #tellers(): string[] {
    return [...this.#plan.services.filter(({ path }) => path !== undefined).map(({ name }) => name), POOL];
  }

  #details(name: string): RoleStatus['details'] {
    return this.#roles.get(name)?.status?.details ?? {};
  }

  #views(): RoleView[] {
    return [...this.#nodes, ...this.#roles.values()].map((role) => role.view());
  }

  #latency(): Record<string, LatencyFigures> {
    const figures = [...this.#roles.values()].flatMap(({ name, status }) =>
      Object.entries(status?.latency ?? {}).map(([what, value]) => [`${name}.${what}`, value] as const),
    );
    return Object.fromEntries(figures);
  }
}
