// What roles say and do when a node's IPC socket is not as it should be, or goes away.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TemplateProvider } from '@sv2kit/template-provider';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type BackEnd,
  eventually,
  Lab,
  type NodeDoor,
  Relay,
  type RoleHere,
  type TestChannel,
  TestNode,
} from '../src/index.ts';
import { losingTheNode } from './losing-the-node.ts';
import { over } from './over.ts';
import { minerAt, mineOn, poolOn } from './pool-ground.ts';

const SECOND = 1000;
/** A superuser who has given up opening what is closed to its owner; anybody else is one already. */
const AS_ANY_USER =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-dac_override,-dac_read_search']
    : [];

over(['ipc', 'ipc+rpc'], losingTheNode);
over(['ipc', 'ipc+rpc'], comingAndGoing);
over(['ipc'], badSockets);
over(['ipc+rpc'], fallingBack);

interface NodeStatus {
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
}
const nodesOf = (provider: RoleHere<TemplateProvider>): readonly NodeStatus[] =>
  provider.status()['nodes'] as readonly NodeStatus[];

/** The condition of the provider's one node. */
const conditionOf = (provider: RoleHere<TemplateProvider>): string => `node ${nodesOf(provider)[0]?.name}`;

function comingAndGoing(backEnd: BackEnd): void {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  test('a node is stopped in good order and started again, three times: miners go on', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { channel } = await minerAt(pool);
    for (let times = 0; times < 3; times += 1) {
      await mineOn(lab, channel);
      await lab.node.stop();
      await lab.clock.until(SECOND, provider.condition(conditionOf(provider), false));
      expect(await channel.mine({ wanted: 'share' })).toBe('accepted');
      await lab.node.restart();
      await lab.clock.until(SECOND, provider.condition(conditionOf(provider), true));
    }
    await mineOn(lab, channel);
    expect(pool.log.items.filter(({ message }) => message === 'upstream lost')).toEqual([]);
  });
}

function badSockets(backEnd: BackEnd): void {
  let lab: Lab;
  let socket: string;
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
    socket = join(lab.folder, 'other.sock');
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  const providerOn = (node: NodeDoor): Promise<RoleHere<TemplateProvider>> => lab.templateProvider({ node });

  /**
   * What it says, and that it takes the node up once the socket is as it should be.
   *
   * @param spoil what happens to the socket once the role runs
   */
  async function expectRecovery(says: RegExp, spoil: () => void = () => {}): Promise<void> {
    const provider = await providerOn(lab.node.door({ ipcSocket: socket }));
    spoil();
    const failing = provider.condition(conditionOf(provider), false);
    expect(await lab.clock.until(SECOND, failing)).toEqual(expect.any(String));
    const isSaid = ({ reason }: Readonly<Record<string, unknown>>): boolean => says.test(String(reason));
    await lab.clock.until(SECOND, provider.log.line('node is away', isSaid));
    expect(nodesOf(provider)).toMatchObject([{ reason: expect.stringMatching(says) }]);
    await using _relay = await Relay.open({ path: socket }, { path: lab.node.ipcSocket });
    await lab.clock.until(SECOND, provider.well());
    expect(provider.failures).toEqual([]);
  }

  describe('a role says in a sentence what is wrong with the socket, lives on, and is well once it is right:', () => {
    test('nothing is there', async () => {
      await expectRecovery(/^there is no socket at \S+other\.sock: /);
    });

    test('nobody listens on it any more', async () => {
      leaveSocket(socket);
      await expectRecovery(/^nobody listens at \S+other\.sock, the node is down or runs without IPC: /);
    });

    test('it is a file of another kind', async () => {
      const replace = (): void => writeFileSync(socket, 'not a socket');
      await expectRecovery(/other\.sock is a file, not a socket: /, replace);
    });

    test('it is closed to the user that the role runs as', async () => {
      await chmod(lab.node.ipcSocket, 0o000);
      const provider = lab.templateProviderProcess({}, AS_ANY_USER);
      const away = await provider.log.line('node is away');
      expect(away.fields['reason']).toMatch(/^no permission to open \S+\.sock: run as the node's user/);
      await chmod(lab.node.ipcSocket, 0o700);
      await provider.log.line('node is ready');
    });

    test('whoever listens there is no node', async () => {
      const server = createServer((client) => client.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await new Promise<void>((resolve) => void server.listen(socket, resolve));
      try {
        const provider = await providerOn(lab.node.door({ ipcSocket: socket }));
        const line = await lab.clock.until(SECOND, provider.log.line('node is away'));
        expect(line.fields['reason']).toMatch(/other\.sock/);
        expect(provider.failures).toEqual([]);
      } finally {
        server.close();
      }
    });
  });

  test('a node on another chain is named as such, and not used', async () => {
    await using other = await TestNode.start(lab.folder, 'signet', { name: 'signet', backEnd });
    const provider = await providerOn({ ...other.door({}), chain: 'regtest' });
    const line = await lab.clock.until(SECOND, provider.log.line('node is away'));
    expect(line.fields['reason']).toMatch(/chain|regtest/);
    expect(provider.status()).toMatchObject({ phase: expect.not.stringMatching(/^serving/) });
    expect(provider.failures).toEqual([]);
  });
}

/** IPC and RPC to one node, of which IPC fails. */
function fallingBack(backEnd: BackEnd): void {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open('regtest', { backEnd });
  });
  afterEach(() => lab?.[Symbol.asyncDispose]());

  const overIpc = (provider: RoleHere<TemplateProvider>): Promise<true> =>
    lab.clock.until(
      SECOND,
      eventually(
        'templates to come by IPC',
        () => nodesOf(provider).every(({ state, reason }) => state === 'ok' && reason === undefined) || undefined,
        () => JSON.stringify(nodesOf(provider)),
      ),
    );

  /** A block of somebody else's gets to the miner, though by RPC. */
  async function expectTipByRpc(provider: RoleHere<TemplateProvider>, channel: TestChannel): Promise<void> {
    await lab.node.mineEmpty();
    await lab.clock.until(SECOND, channel.workOn(await lab.node.bestHash()));
    expect(nodesOf(provider)).toMatchObject([{ state: 'ok', reason: expect.stringMatching(/RPC.*IPC.*\.sock/) }]);
    await mineOn(lab, channel);
  }

  test('templates come by RPC while IPC is away, with the reason in health, and by IPC again once it is back', async () => {
    const path = join(lab.folder, 'relay.sock');
    await using relay = await Relay.open({ path }, { path: lab.node.ipcSocket });
    const provider = await lab.templateProvider({ node: lab.node.door({ ipcSocket: path }) });
    const pool = await poolOn(lab, lab.url(provider));
    const { channel } = await minerAt(pool);
    await mineOn(lab, channel);
    await overIpc(provider);
    await relay.cut();
    await expectTipByRpc(provider, channel);
    await relay.restore();
    await overIpc(provider);
    await mineOn(lab, channel);
    expect(pool.log.items.filter(({ message }) => message === 'upstream lost')).toEqual([]);
  });

  test('a node that is started again without IPC is used over RPC until it is started with it', async () => {
    const provider = await lab.templateProvider();
    const pool = await poolOn(lab, lab.url(provider));
    const { channel } = await minerAt(pool);
    await overIpc(provider);
    await lab.node.kill();
    await lab.node.restart({ ipcSocket: undefined });
    await expectTipByRpc(provider, channel);
    await lab.node.kill();
    await lab.node.restart();
    await overIpc(provider);
    await mineOn(lab, channel);
  });
}

/** A socket whose listener has died, which nobody has tidied up. */
function leaveSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', script]);
  } catch {
    // It was killed.
  }
}
