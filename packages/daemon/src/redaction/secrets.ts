/** What stands in a log where a secret was. */
export const REDACTED = '[redacted]';

const WORDS = [
  'secret',
  'secretkey',
  'privatekey',
  'signingkey',
  'apikey',
  'passphrase',
  'passwd',
  'password',
  'token',
  'cookie',
  'authorization',
  'credential',
  'mnemonic',
];
const SECRET_NAME = new RegExp(`(?:${WORDS.join('|')})s?$`);
/** Names are constants of the program, except where an object came from elsewhere: those fill no memory. */
const NAMES_REMEMBERED = 2000;
const known = new Map<string, boolean>();

/** Whether a field of this name holds a secret: the name ends in one of the words, however it is written. */
export function isSecretName(name: string): boolean {
  let answer = known.get(name);
  if (answer === undefined) {
    answer = SECRET_NAME.test(name.replaceAll(/[^A-Za-z]/g, '').toLowerCase());
    if (known.size < NAMES_REMEMBERED) known.set(name, answer);
  }
  return answer;
}

// Whom a URL is opened as (up to the last @, for a password may hold one); what a header carries; a parameter of a query
// or of a connection string; a member of JSON text; the token of a Telegram bot, which stands in paths. Nothing in here may
// run on without a bound or begin anew at each letter: peers have a say in what it is tried on.
const SECRET_TEXT = new RegExp(
  [
    String.raw`(?<scheme>(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^\s\/?#:@"']{0,100}:(?!\/\/)[^\s"'<>]{0,300}|[^\s\/?#:@"']{1,300})@`,
    String.raw`\b(?<header>bearer|basic) +[\w.~+\/=-]{6,}`,
    String.raw`(?<parameter>(?:password|passwd|passphrase|secret|token|api_?key|auth)=)(?:"[^"]*"?|'[^']*'?|[^\s&"',;)]+)`,
    String.raw`(?<member>(?:password|passwd|passphrase|secret|token|api_?key|authorization|cookie)" *: *)"(?:[^"\\]|\\.)*"?`,
    String.raw`(?<!\d)\d{6,12}:[\w-]{30,}`,
  ].join('|'),
  'gi',
);
/** One of these is in every text that the rule above finds something in, and in few others. */
const SUSPECT = /[=@"]|earer |asic |\d:[\w-]{30}/i;

/** Text without the secrets that are known by their form: URLs' credentials, bearer tokens, parameters named like one. */
export function withoutSecrets(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text.replace(SECRET_TEXT, (...found) => {
    const groups = found.at(-1) as Readonly<Record<string, string | undefined>>;
    if (groups['scheme'] !== undefined) return `${groups['scheme']}${REDACTED}@`;
    if (groups['header'] !== undefined) return `${groups['header']} ${REDACTED}`;
    if (groups['parameter'] !== undefined) return `${groups['parameter']}${REDACTED}`;
    if (groups['member'] !== undefined) return `${groups['member']}"${REDACTED}"`;
    return REDACTED;
  });
}
