import {
  address,
  type ConfigOf,
  checkToken,
  config,
  isLoopback,
  type Mismatch,
  optional,
  path,
  required,
  sections,
  text,
  url,
} from '@sv2kit/daemon';

/** A name is part of a path. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;
const SHAPE = 'at most 40 letters, digits, dots, dashes and underscores, the first a letter or digit';

/** Everything an operator can set. */
export const dashboardConfig = config(
  {
    listen: address('127.0.0.1:8080', 'Where the page is served, over HTTP. Beyond loopback it wants a token.'),
    tokenFile: optional(path('dashboard.token', 'A file with a token that the page asks for.')),
    roles: sections(
      'The roles that are shown. Without any: those of 127.0.0.1:9080 to 9099, where they are looked for.',
      {
        name: optional(
          text('pool', 'What it is called; what it calls itself when left out.', { pattern: NAME, shape: SHAPE }),
        ),
        url: required(url('http://127.0.0.1:9080', 'Where it is monitored: its key monitoring.')),
        tokenFile: optional(path('monitoring.token', 'The token of its monitoring_token_file; browsers never see it.')),
      },
    ),
  },
  {
    check: ({ listen, tokenFile, roles }) => [
      ...checkToken('token_file', tokenFile, isLoopback(listen) ? undefined : listen),
      ...roles.flatMap((role, index) => checkToken(`roles[${index}].token_file`, role.tokenFile)),
      ...repeated(roles.map(({ name }) => name)),
      ...roles.flatMap((role, index) => checkUrl(`roles[${index}].url`, role.url)),
    ],
  },
);
export type DashboardConfig = ConfigOf<typeof dashboardConfig>;

/** Whether a role that calls itself so can be asked for by that name. */
export function isName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}

function repeated(names: readonly (string | undefined)[]): Mismatch[] {
  return names.flatMap((name, index) =>
    name === undefined || names.indexOf(name) === index
      ? []
      : [
          {
            key: `roles[${index}].name`,
            wrong: `${JSON.stringify(name)} is the name of another role`,
            example: `name = "${name}-2"`,
          },
        ],
  );
}

function checkUrl(key: string, given: string): Mismatch[] {
  const { username, password, search, hash } = new URL(given);
  if (username + password !== '') {
    return [{ key, wrong: 'holds a user or password, which is not how roles are asked: see token_file' }];
  }
  return search + hash === ''
    ? []
    : [{ key, wrong: 'has something after the path, which cannot be', example: 'url = "http://127.0.0.1:9080"' }];
}
