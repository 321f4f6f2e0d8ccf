import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  ConfigError,
  config,
  type Host,
  parseConfig,
  runService,
  serviceConfig,
  type ServiceDeps,
  text,
} from '../src/index.ts';
import { destinationsOf } from '../src/config/notifications-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'sv2kit-notify-'));
writeFileSync(join(folder, 'telegram.token'), '123456:bot-secret\n');
writeFileSync(join(folder, 'key'), 'a key of sixteen or more secret characters\n');

const whole = serviceConfig(config({ greeting: text('hello', 'What to say.') }));

function read(toml: string, environment: Record<string, string> = {}) {
  return parseConfig(whole, toml, { name: 'demo', file: join(folder, 'demo.toml'), environment });
}

function problemOf(toml: string, environment: Record<string, string> = {}): string {
  try {
    read(toml, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('[[notifications]]', () => {
  test('has secrets from files and from the environment', () => {
    const { notifications } = read(
      `[[notifications]]
kind = "telegram"
token = "file:telegram.token"
chat = "-100"
[[notifications]]
url = "https://example.org/hook"
signing_key = "file:key"
after = 5
[[notifications]]
kind = "ntfy"
events = ["block-found"]`,
      {
        SV2KIT_DEMO__NOTIFICATIONS__2__URL: 'https://ntfy.example.org/farm',
        SV2KIT_DEMO__NOTIFICATIONS__2__TOKEN: 'tk_env',
      },
    );
    const [telegram, webhook, ntfy] = destinationsOf(notifications);
    expect([telegram?.name, webhook?.name, ntfy?.name]).toEqual(['telegram', 'webhook', 'ntfy']);
    expect(telegram?.place.kind === 'telegram' && [telegram.place.url(), telegram.place.token()]).toEqual([
      'https://api.telegram.org',
      '123456:bot-secret',
    ]);
    expect(webhook?.place.kind === 'webhook' && webhook.place.signingKey?.()).toContain('a key of');
    expect(webhook?.interest).toMatchObject({
      afterMs: 5000,
      quietMs: 600_000,
      statuses: ['matured', 'orphaned', 'rejected'],
    });
    expect(ntfy?.place.kind === 'ntfy' && ntfy.place.token?.()).toBe('tk_env');
    expect(ntfy?.interest.events).toEqual(['block-found']);
    expect(JSON.stringify(notifications)).not.toMatch(/bot-secret|tk_env|a key of|example\.org/);
  });

  test.each([
    ['no URL', '', 'notifications[0].url: is missing'],
    ['no web URL', 'url = "ftp://x"', 'notifications[0].url: is not a URL that begins with'],
    ['a URL with a password', 'url = "https://u:p4ss@x/hook"', 'notifications[0].url: holds a user or a password'],
    ['a token in the file', 'url = "https://x"\ntoken = "inline-secret"', 'does not belong into this file'],
    [
      'a token file that is a folder',
      'url = "https://x"\ntoken = "file:/"',
      'which cannot be read: is a folder, not a file',
    ],
    [
      'a missing token file',
      'url = "https://x"\ntoken = "file:nowhere"',
      'which cannot be read: there is no such file',
    ],
    ['a short key', 'url = "https://x"\nsigning_key = "file:telegram.token"', ''],
    ['no topic', 'kind = "ntfy"\nurl = "https://ntfy.sh/"', 'notifications[0].url: names no topic'],
    ['no chat', 'kind = "telegram"\ntoken = "file:telegram.token"', 'notifications[0].chat: is missing'],
    ['no bot token', 'kind = "telegram"\nchat = "1"', 'notifications[0].token: is missing'],
    ['another token', 'kind = "telegram"\nchat = "1"\ntoken = "file:key"', 'is not the token of a Telegram bot'],
    ['a key of another kind', 'url = "https://x"\nchat = "1"', 'notifications[0].chat: is for telegram only'],
    ['an unknown event', 'url = "https://x"\nevents = ["block-fond"]', 'is not one of block-found, '],
    ['an unknown kind', 'kind = "pager"', 'notifications[0].kind: "pager" is not one of webhook, ntfy, telegram'],
  ])('%s is told', (_, toml, expected) => {
    const problem = problemOf(`[[notifications]]\n${toml}`);
    expect(problem).toContain(expected);
    expect(problem).not.toMatch(/inline-secret|p4ss|bot-secret|a key of/);
  });

  test('two of one name are told apart or refused', () => {
    const one = '[[notifications]]\nurl = "https://x"\n';
    expect(destinationsOf(read(one + one).notifications).map(({ name }) => name)).toEqual(['webhook', 'webhook-2']);
    expect(problemOf(`${one}name = "a"\n${one}name = "a"`)).toContain(
      'notifications[1].name: a is the name of another',
    );
  });
});

/** A host whose program is told nothing but this configuration. */
function hostOf(toml: string, flags: readonly string[] = []) {
  const file = join(mkdtempSync(join(folder, 'run-')), 'demo.toml');
  writeFileSync(file, toml);
  const output = { out: '', error: '' };
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    argv: ['--config', file, ...flags],
    program: 'demo',
    environment: { SV2KIT_DEMO__LOG__LEVEL: 'silent' },
    workingFolder: '/',
    out: (line) => void (output.out += line),
    error: (line) => void (output.error += line),
    onSignal: () => nothing,
    onUncaught: () => nothing,
    exit() {},
  };
  return { host, output };
}

/** Answers 403 at /bad and 200 elsewhere. */
async function openReceiver() {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(request.url === '/bad' ? 403 : 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, told: () => bodies.map((body) => JSON.parse(body) as Record<string, unknown>) };
}

const declared = config({ greeting: text('hello', '') });

describe('a service with [[notifications]]', () => {
  test('tells what happens, by the rule of the log, before its process ends', async () => {
    const { url, told } = await openReceiver();
    const { host } = hostOf(`[log]\naddresses = "hidden"\n[[notifications]]\nurl = "${url}"\n`);
    const start = (_: unknown, { events, finish }: ServiceDeps) => {
      setImmediate(() => {
        events.emit({ type: 'block-found', hash: '0'.repeat(64), user: 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq' });
        finish();
      });
      return { close: () => Promise.resolve() };
    };
    expect(await runService({ name: 'demo', config: declared, start }, host)).toBe(0);
    expect(told()).toMatchObject([{ role: 'demo', topic: 'block-found', data: { user: '[payout address]' } }]);
  });

  test('that cannot go on says so', async () => {
    const { url, told } = await openReceiver();
    const { host } = hostOf(`[[notifications]]\nurl = "${url}"\n`);
    const start = (_: unknown, { fail }: ServiceDeps) => {
      setImmediate(() => fail(new Error('cannot reach postgres://u:secret@db/l')));
      return { close: () => Promise.resolve() };
    };
    expect(await runService({ name: 'demo', config: declared, start }, host)).toBe(1);
    expect(told()).toMatchObject([
      { title: 'demo has stopped', severity: 'urgent', data: { reason: 'cannot reach postgres://[redacted]@db/l' } },
    ]);
  });
});

describe('--test-notifications', () => {
  const start = (): never => {
    throw new Error('must not start');
  };
  async function run(toml: string) {
    const { host, output } = hostOf(toml, ['--test-notifications']);
    return { code: await runService({ name: 'demo', config: declared, start }, host), ...output };
  }

  test('sends one to each, says how it went, and starts nothing', async () => {
    const { url, told } = await openReceiver();
    const good = `[[notifications]]\nurl = "${url}/good"\n`;
    expect(await run(good)).toEqual({ code: 0, out: 'webhook: sent\n', error: '' });
    expect(told()).toMatchObject([{ topic: 'test', role: 'demo', title: 'Test of notifications' }]);
    const { code, out } = await run(`${good}[[notifications]]\nname = "other"\nurl = "${url}/bad"\n`);
    expect(code).toBe(1);
    expect(out.trim().split('\n').toSorted()).toEqual(['other: refused: status 403', 'webhook: sent']);
  });

  test('fails where nobody is to be told', async () => {
    expect(await run('')).toEqual({ code: 1, out: 'no [[notifications]] are configured\n', error: '' });
  });
});
