import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('fixtures/service.ts', import.meta.url));

/** A started fixture: its log lines as they come, and how it ended. */
class Demo {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  readonly lines: Record<string, unknown>[] = [];
  readonly ended: Promise<number | null>;
  errors = '';
  #waiting: { readonly message: string; readonly resolve: () => void }[] = [];

  constructor(args: readonly string[], environment: Record<string, string> = {}) {
    const env = { ...process.env, ...environment };
    this.child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stderr.on('data', (text: Buffer) => {
      this.errors += text.toString();
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.#onLine(line));
    this.ended = once(this.child, 'close').then(([code]: (number | null)[]) => code ?? null);
  }

  /** Resolves when a line with that message has been logged. */
  logged(message: string): Promise<void> {
    if (this.lines.some(({ msg }) => msg === message)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ message, resolve }));
  }

  #onLine(text: string): void {
    const line: Record<string, unknown> = text.startsWith('{') ? JSON.parse(text) : { msg: text };
    this.lines.push(line);
    for (const { message, resolve } of this.#waiting) if (line['msg'] === message) resolve();
  }
}

const started: Demo[] = [];
function demo(args: readonly string[] = [], environment?: Record<string, string>): Demo {
  const one = new Demo(args, environment);
  started.push(one);
  return one;
}
afterEach(() => {
  for (const { child } of started.splice(0)) child.kill('SIGKILL');
});

describe('a service as a process', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('stops with 0 at %s', async (signal) => {
    const service = demo();
    await service.logged('started');
    service.child.kill(signal);
    expect(await service.ended).toBe(0);
    expect(service.lines.map(({ msg }) => msg)).toEqual(['started', 'stopping', 'stopped']);
  });

  test('stops with 0 although nobody reads its log any more', async () => {
    const service = demo([], { SV2KIT_DEMO__MOOD: 'unheard' });
    await service.logged('started');
    service.child.stdout.destroy();
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.errors).toBe('');
  });

  test('prints its help without complaint to somebody who reads none of it', async () => {
    const service = demo(['--help']);
    service.child.stdout.destroy();
    expect(await service.ended).toBe(0);
    expect(service.errors).toBe('');
  });

  test('stops at once with 1 at the second signal', async () => {
    const service = demo([], { SV2KIT_DEMO__MOOD: 'stuck' });
    await service.logged('started');
    service.child.kill('SIGTERM');
    await service.logged('stopping');
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(1);
    expect(service.lines.at(-1)?.['msg']).toBe('stopping at once');
  });

  test('ends with 0 when it has finished by itself', async () => {
    expect(await demo([], { SV2KIT_DEMO__MOOD: 'finishing' }).ended).toBe(0);
  });

  test('survives a bug and logs its stack', async () => {
    const service = demo([], { SV2KIT_DEMO__MOOD: 'buggy' });
    await service.logged('survived');
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    const logged = service.lines.find(({ msg }) => msg === 'an error that nobody caught');
    expect(logged).toMatchObject({
      kind: 'exception',
      error: { message: 'a bug', stack: expect.stringContaining('service.ts') },
    });
  });

  test.each([
    ['a bug', 'clumsy', 0, 'an error that nobody caught'],
    ['a fatal error', 'broken', 1, 'the service failed while it stopped'],
  ])('logs %s while it stops', async (_what, mood, code, msg) => {
    const service = demo([], { SV2KIT_DEMO__MOOD: mood });
    await service.logged('started');
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(code);
    const message = `${mood} while stopping`;
    expect(service.lines).toContainEqual(expect.objectContaining({ msg, error: expect.objectContaining({ message }) }));
  });

  test('ends with 1 at a fatal error', async () => {
    const service = demo([], { SV2KIT_DEMO__MOOD: 'fatal' });
    expect(await service.ended).toBe(1);
    expect(service.lines.find(({ msg }) => msg === 'the service cannot go on')).toMatchObject({
      error: { name: 'FatalError', message: 'the ledger is broken' },
    });
  });

  test('ends with 1 when it cannot start', async () => {
    const service = demo([], { SV2KIT_DEMO__MOOD: 'stillborn' });
    expect(await service.ended).toBe(1);
    expect(service.lines).toMatchObject([{ msg: 'the service could not start', error: { message: 'no luck' } }]);
  });

  test('ends with 2 at a wrong configuration, saying what is wrong on standard error', async () => {
    const service = demo([], { SV2KIT_DEMO__LISTEN: 'here' });
    expect(await service.ended).toBe(2);
    expect(service.errors).toBe(
      'demo: no --config FILE was given; demo --example prints one. Without it:\n' +
        '  SV2KIT_DEMO__LISTEN: listen: "here" has no port; for example: listen = "127.0.0.1:0"\n',
    );
    expect(service.lines).toEqual([]);
  });
});

describe('a service as a process that gets SIGHUP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sv2kit-hup-'));

  test('takes up its file: the level of what is logged, all of it or nothing', async () => {
    const file = join(folder, 'demo.toml');
    writeFileSync(file, '[log]\nlevel = "info"\n');
    const service = demo(['--config', file]);
    await service.logged('started');
    writeFileSync(file, '[log]\nlevel = "loud"\n');
    service.child.kill('SIGHUP');
    await service.logged('the configuration cannot be used: everything stays as it is');
    writeFileSync(file, 'mood = "buggy"\n[log]\nlevel = "debug"\n');
    service.child.kill('SIGHUP');
    await service.logged('the configuration was read again');
    expect(service.lines.at(-1)).toMatchObject({ applied: ['log.level'], needsRestart: ['mood'] });
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
  });

  test('stops when it has no file to read again', async () => {
    const service = demo();
    await service.logged('started');
    service.child.kill('SIGHUP');
    expect(await service.ended).toBe(0);
  });
});
