import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import {
  config,
  explainKeys,
  integer,
  optional,
  reloadable,
  required,
  secret,
  section,
  sections,
  text,
} from '../src/index.ts';
import { tomlLines } from '../src/config/toml-lines.ts';

const { fields } = config({
  listen: text('127.0.0.1:1', 'Where.'),
  rewards: required(text('bc1q', 'Whom.')),
  password: optional(secret('file:pw', 'Of the node.')),
  log: reloadable(section('Log.', { level: text('info', 'Which lines.') })),
  nodes: sections('Nodes.', { url: optional(text('http://a', 'RPC.')), weight: integer(1, 'How much.') }),
});

const at = (toml: string, environment: Record<string, string> = {}) =>
  Object.fromEntries(
    explainKeys('pool', fields, { table: parse(toml), text: toml, environment }).map(({ key, value, from }) => [
      key,
      [value, from?.kind === 'file' ? from.line : from?.kind === 'environment' ? from.variable : from?.kind],
    ]),
  );

describe('every key', () => {
  test('is told with its meaning, type, default and variable, and whether it can be reloaded', () => {
    const keys = explainKeys('template-provider', fields);
    expect(keys.map(({ key, variable }) => [key, variable])).toEqual([
      ['listen', 'SV2KIT_TEMPLATE_PROVIDER__LISTEN'],
      ['rewards', 'SV2KIT_TEMPLATE_PROVIDER__REWARDS'],
      ['password', 'SV2KIT_TEMPLATE_PROVIDER__PASSWORD'],
      ['log.level', 'SV2KIT_TEMPLATE_PROVIDER__LOG__LEVEL'],
      ['nodes[].url', 'SV2KIT_TEMPLATE_PROVIDER__NODES__0__URL'],
      ['nodes[].weight', 'SV2KIT_TEMPLATE_PROVIDER__NODES__0__WEIGHT'],
    ]);
    expect(keys[3]).toEqual({
      key: 'log.level',
      variable: 'SV2KIT_TEMPLATE_PROVIDER__LOG__LEVEL',
      help: 'Which lines.',
      type: 'text',
      presence: 'default',
      sample: '"info"',
      reloadable: true,
    });
    expect(keys[0]?.reloadable).toBe(false);
  });

  test('of a configuration at hand is told with what is in force, and where that was said', () => {
    const toml = ['# a pool', 'rewards = "x"', '', '[[nodes]]', 'url = "http://u:p@b"', '[[nodes]]', 'weight = 3'].join(
      '\n',
    );
    const environment = { SV2KIT_POOL__LOG__LEVEL: 'debug', SV2KIT_POOL__NODES__2__URL: 'http://c' };
    expect(at(toml, environment)).toEqual({
      listen: ['"127.0.0.1:1"', 'default'],
      rewards: ['"x"', 2],
      password: [undefined, undefined],
      'log.level': ['"debug"', 'SV2KIT_POOL__LOG__LEVEL'],
      'nodes[0].url': ['"http://[redacted]@b"', 5],
      'nodes[0].weight': ['1', 'default'],
      'nodes[1].url': [undefined, undefined],
      'nodes[1].weight': ['3', 7],
      'nodes[2].url': ['"http://c"', 'SV2KIT_POOL__NODES__2__URL'],
      'nodes[2].weight': ['1', 'default'],
    });
  });

  test('that is secret is not told, but where it is kept is', () => {
    expect(at('password = "hunter2"')['password']).toEqual(['"[redacted]"', 1]);
    expect(at('', { SV2KIT_POOL__PASSWORD: 'hunter2' })['password']?.[0]).toBe('"[redacted]"');
    expect(at('password = "file:pw"')['password']?.[0]).toBe('"file:pw"');
  });
});

test('the lines of a file are those of its keys, in tables, lists of tables and tables of those', () => {
  const toml = 'a = 1\n[b] # c\n"c" = 2\n[[d]]\ne.f = 3\n[d.g]\nh = 4\n[[d]]\n[[d.i]]\nj = { k = 5 }\n[[d.i]]\nj = 6';
  parse(toml);
  expect(Object.fromEntries(tomlLines(toml))).toEqual({
    a: 1,
    b: 2,
    'b.c': 3,
    'd[0]': 4,
    'd[0].e.f': 5,
    'd[0].g': 6,
    'd[0].g.h': 7,
    'd[1]': 8,
    'd[1].i[0]': 9,
    'd[1].i[0].j': 10,
    'd[1].i[1]': 11,
    'd[1].i[1].j': 12,
  });
});
