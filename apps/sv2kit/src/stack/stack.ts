import { join } from 'node:path';
import { RpcError } from '@sv2kit/bitcoin-node';
import type { Bitcoind } from '@sv2kit/bitcoind';
import { CommandError } from '../command.ts';
import { BlockBook } from './block-book.ts';
import type { LatencyFigures, RoleView, Screen, StackBlock, StackStatus } from './events.ts';
import { pause } from './interruption.ts';
import { createLayout, type Layout } from './layout.ts';
import { NodeRole } from './node-role.ts';
import type { StackOptions } from './options.ts';
import { paceOf } from './pacing.ts';
import { choosePorts } from './ports.ts';
import { Role, type RolePackage } from './role.ts';
import {
  type DevicePlan,
  miningDeviceToml,
  planDevices,
  POOL,
  poolToml,
  type StackParts,
  TEMPLATE_PROVIDER,
  templateProviderToml,
} from './role-configs.ts';
import { createStackKeys } from './stack-keys.ts';
import { fields, foundBlocks, number, type RoleStatus, shareCounts, text } from './status.ts';
import { briefLatency, counted, hashrate } from './wording.ts';

const READY_POLL_MS = 200;

/** Every role of the stack, from the first start to the last stop. */
export class Stack {
  readonly #options: StackOptions;
  readonly #screen: Screen;
  readonly #startedMs: number;
  readonly #node: NodeRole;
  readonly #book: BlockBook;
  readonly #devices: readonly DevicePlan[];
  #roles: readonly Role[] = [];

  /** @param startedMs of the monotonic clock */
  constructor(options: StackOptions, screen: Screen, startedMs: number) {
    this.#options = options;
    this.#screen = screen;
    this.#startedMs = startedMs;
    this.#node = new NodeRole(() => screen.show({ kind: 'role', role: this.#node.view() }));
    this.#book = new BlockBook(this.#node);
    this.#devices = planDevices(options.devices);
  }

  /** The ways in which its devices connect. */
  get ways(): ReadonlySet<string> {
    return new Set(this.#devices.map(({ channel }) => `sv2-${channel}`));
  }

  /** A role that ended by itself. */
  get failed(): RoleView | undefined {
    return this.#views().find(({ state }) => state === 'failed');
  }

  /**
   * Starts one role after the other, each when the one before is ready; the devices last and together.
   *
   * @throws CommandError, BitcoindError; whatever the signal's abort makes of what is under way
   */
  async start(signal: AbortSignal): Promise<void> {
    const layout = await createLayout(this.#options.dataDir, this.#options.chain);
    const names = [POOL, TEMPLATE_PROVIDER, ...this.#devices.map(({ name }) => name)];
    const notice = (line: string): void => this.#screen.show({ kind: 'notice', text: line });
    const ports = await choosePorts(this.#options.ports, names, notice);
    const plan = (name: string, role: RolePackage, describe: (status: RoleStatus) => string): Role =>
      this.#plan(name, role, layout, ports.monitoring.get(name) ?? 0, describe);
    const templateProvider = plan(
      TEMPLATE_PROVIDER,
      'template-provider',
      describeTemplateProvider(ports.templateProvider),
    );
    const pool = plan(POOL, 'pool', describePool(ports.pool));
    const devices = this.#devices.map((device) => ({
      device,
      role: plan(device.name, 'mining-device', describeDevice),
    }));
    this.#roles = [templateProvider, pool, ...devices.map(({ role }) => role)];
    for (const role of this.#views()) this.#screen.show({ kind: 'role', role });

    const keys = createStackKeys(layout.keys, [TEMPLATE_PROVIDER, POOL], Date.now());
    const node = await this.#node.start(this.#options, layout, signal);
    const parts: StackParts = { layout, node, ports, keys, pace: await this.#pace(node) };
    await templateProvider.start(templateProviderToml(parts));
    await ready(templateProvider, signal);
    await pool.start(poolToml(parts));
    await ready(pool, signal);
    await Promise.all(devices.map(({ device, role }) => role.start(miningDeviceToml(parts, device))));
  }

  /** Asks every role how it is; returns the blocks that are new in the best chain. */
  async poll(): Promise<StackBlock[]> {
    await Promise.all([this.#node.poll(), ...this.#roles.map((role) => role.poll())]);
    try {
      return await this.#book.update(foundBlocks(this.#poolDetails()));
    } catch (error) {
      // A bitcoind that is busy is asked again; one that has ended says so itself.
      if (error instanceof RpcError) return [];
      throw error;
    }
  }

  /** Asks the best chain about every block once more. */
  verifyAll(): Promise<void> {
    return this.#book.verifyAll();
  }

  status(): StackStatus {
    const { chain, blocks } = this.#options;
    const details = this.#poolDetails();
    return {
      chain,
      elapsedSeconds: (performance.now() - this.#startedMs) / 1_000,
      height: this.#node.height,
      blocks: this.#book.confirmed,
      ...(blocks === undefined ? {} : { wanted: blocks }),
      shares: shareCounts(details),
      hashrate: number(details, 'hashrate'),
      roles: this.#views(),
      latency: this.#latency(),
    };
  }

  /** Those who ask before those who answer; bitcoind last. */
  async stop(): Promise<void> {
    const [templateProvider, pool, ...devices] = this.#roles;
    await Promise.all(devices.map((role) => role.stop()));
    await pool?.stop();
    await templateProvider?.stop();
    await this.#node.stop();
  }

  /** Everything at once. */
  async kill(): Promise<void> {
    await Promise.all([...this.#roles.map((role) => role.kill()), this.#node.kill()]);
  }

  async #pace(node: Bitcoind) {
    return paceOf(node.chain, await this.#node.difficulty(), this.#devices.length);
  }

  #plan(
    name: string,
    role: RolePackage,
    layout: Layout,
    monitoringPort: number,
    describe: (status: RoleStatus) => string,
  ): Role {
    const plan = {
      name,
      package: role,
      configFile: join(layout.configs, `${name}.toml`),
      logFile: join(layout.logs, `${name}.log`),
      workingFolder: layout.root,
      compileCache: join(layout.cache, 'compiled'),
      monitoringPort,
      describe,
    };
    return new Role(plan, (changed) => this.#screen.show({ kind: 'role', role: changed.view() }));
  }

  #poolDetails(): RoleStatus['details'] {
    return this.#roles.find(({ name }) => name === POOL)?.status?.details ?? {};
  }

  #views(): RoleView[] {
    return [this.#node.view(), ...this.#roles.map((role) => role.view())];
  }

  #latency(): Record<string, LatencyFigures> {
    const figures = this.#roles.flatMap(({ name, status }) =>
      Object.entries(status?.latency ?? {}).map(([what, value]) => [`${name}.${what}`, value] as const),
    );
    return Object.fromEntries(figures);
  }
}

async function ready(role: Role, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    await role.poll();
    const { state, reason } = role.view();
    if (state === 'ok') return;
    if (state === 'failed') throw new CommandError(`the ${role.name} did not start: ${reason ?? 'no reason given'}`);
    await pause(READY_POLL_MS, signal);
  }
}

const describeTemplateProvider =
  (port: number) =>
  ({ details, latency }: RoleStatus): string =>
    `127.0.0.1:${port}, ${counted(number(details, 'clients'), 'client')}${briefLatency(latency['tip-to-clients'])}`;

const describePool =
  (port: number) =>
  ({ details, latency }: RoleStatus): string =>
    `127.0.0.1:${port}, ${counted(number(details, 'channels'), 'channel')}, ` +
    `${hashrate(number(details, 'hashrate'))}${briefLatency(latency['share-to-success'])}`;

function describeDevice({ details, latency }: RoleStatus): string {
  const accepted = counted(number(fields(details['shares']), 'accepted'), 'share');
  const rate = hashrate(number(details, 'hashrate'));
  return `${text(details, 'channel')}, ${rate}, ${accepted}${briefLatency(latency['share-round-trip'])}`;
}
