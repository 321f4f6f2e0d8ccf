import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  config,
  ConfigError,
  type Host,
  loadConfig,
  number,
  reloadable,
  type Service,
  type ServiceDeps,
  type ServiceDefinition,
  text,
  VirtualClock,
} from '../src/index.ts';
import { serviceManager } from '../src/service-manager.ts';
import { serviceConfig } from '../src/service-config.ts';
import { STOP_LIMIT_MS, Supervisor } from '../src/supervisor.ts';
import { silentLogger } from '../src/logger.ts';

const declared = config(
  {
    greeting: reloadable(text('hello', 'What to say.')),
    rate: reloadable(number(1, 'How often.', { min: 0.1 })),
    place: text('here', 'Where.'),
  },
  {
    check: ({ greeting, place }) =>
      greeting === place ? [{ key: 'greeting', wrong: 'says where it is', example: 'greeting = "hello"' }] : [],
  },
);
type Demo = { readonly greeting: string; readonly rate: number; readonly place: string };

/** A service under a supervisor whose file, clock and signals are the test's. */
async function supervised(
  service: (deps: ServiceDeps) => Partial<Service<Demo>> | Promise<Partial<Service<Demo>>> = () => ({}),
  toml = '',
) {
  const clock = new VirtualClock();
  const file = join(mkdtempSync(join(tmpdir(), 'sv2kit-life-')), 'demo.toml');
  const write = (keys: string): void => writeFileSync(file, `${keys}\n[log]\nlevel = "silent"\n`);
  write(toml);
  let signal = (_name: string): void => {};
  const exits: number[] = [];
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    argv: [],
    program: 'demo',
    environment: {},
    workingFolder: '/',
    out() {},
    error() {},
    onSignal(listener) {
      signal = listener;
      return nothing;
    },
    onUncaught: () => nothing,
    exit: (code) => void exits.push(code),
  };
  const happened: string[] = [];
  let deps: ServiceDeps | undefined;
  const definition: ServiceDefinition<Demo> = {
    name: 'demo',
    config: declared,
    async start(_, given) {
      deps = given;
      given.signal.addEventListener('abort', () => happened.push('aborted'));
      given.events.on((event) => {
        if (event.type === 'reload')
          happened.push(`${event.result}: ${event.applied.join()} | ${event.needsRestart.join()}`);
      });
      return { close: () => Promise.resolve(void happened.push('closed')), ...(await service(given)) };
    },
  };
  const read = () => loadConfig(serviceConfig(declared), { name: 'demo', file });
  const ended = new Supervisor(definition, read(), host, { clock, reread: read }).run();
  await clock.advanceAsync(0);
  onTestFinished(async () => {
    signal('SIGTERM');
    await clock.advanceAsync(600_000);
    await ended;
  });
  const health = () => deps?.health.report();
  const metric = async (name: string) => (await deps?.metrics.snapshot())?.[name];
  return { clock, ended, exits, happened, health, metric, write, signal: (name: string) => signal(name) };
}

describe('a service that is told to stop', () => {
  test('takes leave first, is not ready at once, and is aborted and closed afterwards', async () => {
    const leave = Promise.withResolvers<void>();
    const until: number[] = [];
    const drain = (untilMs: number): Promise<void> => {
      until.push(untilMs);
      return leave.promise;
    };
    const { clock, signal, happened, health, ended } = await supervised(() => ({ drain }), 'drain_seconds = 7');
    signal('SIGTERM');
    expect(health()).toMatchObject({ state: 'stopping', serving: false });
    await clock.advanceAsync(0);
    expect(until).toEqual([clock.now() + 7_000]);
    expect(happened).toEqual([]);
    leave.resolve();
    expect(await ended).toBe('stopped');
    expect(happened).toEqual(['aborted', 'closed']);
  });

  test('is closed when the time to take leave is over, and has as long as ever to close', async () => {
    const drain = (): Promise<void> => new Promise(() => {});
    const { clock, signal, happened, ended } = await supervised(() => ({ drain }));
    signal('SIGINT');
    await clock.advanceAsync(4_999);
    expect(happened).toEqual([]);
    await clock.advanceAsync(1);
    expect(await ended).toBe('stopped');
    expect(happened).toEqual(['aborted', 'closed']);
    expect(STOP_LIMIT_MS).toBe(10_000);
  });

  test('closes all the same when it cannot take leave', async () => {
    const drain = (): Promise<void> => Promise.reject(new Error('no'));
    const { signal, happened, ended } = await supervised(() => ({ drain }));
    signal('SIGTERM');
    expect(await ended).toBe('stopped');
    expect(happened).toEqual(['aborted', 'closed']);
  });

  test('takes no leave with drain_seconds = 0', async () => {
    const drain = (): Promise<void> => new Promise(() => {});
    const { signal, ended } = await supervised(() => ({ drain }), 'drain_seconds = 0');
    signal('SIGTERM');
    expect(await ended).toBe('stopped');
  });

  test('ends at once at the second signal, but not at one that asks it to reload', async () => {
    const drain = (): Promise<void> => new Promise(() => {});
    const { clock, signal, exits } = await supervised(() => ({ drain }));
    signal('SIGTERM');
    await clock.advanceAsync(10);
    signal('SIGHUP');
    expect(exits).toEqual([]);
    signal('SIGTERM');
    expect(exits).toEqual([1]);
  });
});

describe('a service that is told to reload', () => {
  const reloading = (seen: Demo[], refuse: () => boolean = () => false) => ({
    reload: (next: Demo) => {
      if (refuse()) throw new ConfigError([{ source: '', key: 'greeting', wrong: 'is rude' }]);
      return () => void seen.push(next);
    },
  });
  const hup = async ({ signal, clock }: { signal: (name: string) => void; clock: VirtualClock }): Promise<void> => {
    signal('SIGHUP');
    await clock.advanceAsync(0);
    await clock.advanceAsync(0);
  };

  test('takes up what it can, and names what waits for a restart', async () => {
    const seen: Demo[] = [];
    const life = await supervised(() => reloading(seen), 'greeting = "hello"');
    life.write('greeting = "good day"\nrate = 3\nplace = "there"');
    await hup(life);
    expect(seen).toMatchObject([{ greeting: 'good day', rate: 3, place: 'here' }]);
    expect(life.happened).toEqual(['applied: greeting,rate | place']);
    await hup(life);
    expect(life.happened.slice(1)).toEqual(['applied:  | place']);
    expect(await life.metric('sv2_config_reloads_total{result="applied"}')).toBe(2);
  });

  test.each([
    ['is no TOML', 'greeting = '],
    ['has a wrong value', 'rate = "often"'],
    ['has a key that nobody knows', 'greetings = "x"'],
    ['breaks a rule between keys', 'greeting = "here"'],
    ['would break one until the restart that another key waits for', 'greeting = "here"\nplace = "there"'],
  ])('changes nothing when the file %s', async (_, keys) => {
    const seen: Demo[] = [];
    const life = await supervised(() => reloading(seen));
    life.write(keys);
    await hup(life);
    expect(seen).toEqual([]);
    expect(life.happened).toEqual(['refused:  | ']);
    expect(await life.metric('sv2_config_reloads_total{result="refused"}')).toBe(1);
    expect(life.health()).toMatchObject({ state: 'ok' });
    life.write('rate = 2');
    await hup(life);
    expect(seen).toMatchObject([{ greeting: 'hello', rate: 2 }]);
  });

  test('changes nothing when the service cannot do with it', async () => {
    const seen: Demo[] = [];
    let isRude = true;
    const life = await supervised(() => reloading(seen, () => isRude));
    life.write('greeting = "oi"\ndrain_seconds = 9');
    await hup(life);
    expect(seen).toEqual([]);
    isRude = false;
    await hup(life);
    expect(life.happened).toEqual(['refused:  | ', 'applied: greeting,drain_seconds | ']);
  });

  test('does so when it has started, where it was told before', async () => {
    const seen: Demo[] = [];
    const started = Promise.withResolvers<void>();
    const life = await supervised(async () => {
      await started.promise;
      return reloading(seen);
    });
    life.write('rate = 2');
    await hup(life);
    expect(seen).toEqual([]);
    started.resolve();
    await life.clock.advanceAsync(0);
    await life.clock.advanceAsync(0);
    expect(life.happened).toEqual(['applied: rate | ']);
  });

  test('takes nothing up when it is told to stop meanwhile, nor afterwards', async () => {
    const seen: Demo[] = [];
    const prepared = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    const life = await supervised(() => ({
      drain: () => left.promise,
      reload: async (next) => {
        await prepared.promise;
        return () => void seen.push(next);
      },
    }));
    life.write('rate = 2');
    await hup(life);
    life.signal('SIGTERM');
    prepared.resolve();
    await life.clock.advanceAsync(0);
    await hup(life);
    expect([seen, life.exits]).toEqual([[], []]);
    left.resolve();
    expect(await life.ended).toBe('stopped');
    expect(life.happened).toEqual(['aborted', 'closed']);
  });

  test('reads once more, and no oftener, for all that came while it was at it', async () => {
    const seen: Demo[] = [];
    const prepared = Promise.withResolvers<void>();
    const life = await supervised(() => ({
      reload: async (next) => {
        await prepared.promise;
        return () => void seen.push(next);
      },
    }));
    for (let count = 0; count < 1_000; count += 1) life.signal('SIGHUP');
    life.write('rate = 2');
    prepared.resolve();
    await hup(life);
    expect(seen.map(({ rate }) => rate)).toEqual([1, 2]);
  });

  test('keeps all that it has when the service fails by mistake to take it up', async () => {
    let isBroken = true;
    const life = await supervised(() => ({
      reload: () => () => {
        if (isBroken) throw new Error('a mistake');
      },
    }));
    life.write('rate = 2\ndrain_seconds = 9');
    await hup(life);
    isBroken = false;
    await hup(life);
    expect(life.happened).toEqual(['refused:  | ', 'applied: rate,drain_seconds | ']);
  });

  test('says so when nothing is new, and looks at files again all the same', async () => {
    const seen: Demo[] = [];
    const life = await supervised(() => reloading(seen));
    await hup(life);
    expect(seen).toHaveLength(1);
    expect(life.happened).toEqual(['unchanged:  | ']);
  });
});

test('a service manager is told in order, and a trouble with it once', async () => {
  const told: string[] = [];
  const manager = serviceManager({ NOTIFY_SOCKET: '@x' }, silentLogger, async (variables) => {
    await Promise.resolve();
    told.push(variables[0] ?? '');
    return 'no such program';
  });
  manager.ready();
  manager.reloading();
  manager.ready();
  manager.stopping(15_000);
  await manager.close();
  expect(told).toEqual(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
  const nobody = serviceManager({}, silentLogger, () => Promise.reject(new Error('nobody asked')));
  nobody.ready();
  await nobody.close();
});
