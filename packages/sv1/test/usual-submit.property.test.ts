import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MinerRequest, readLine, readMinerRequest } from '../src/index.ts';
import { readUsualSubmit } from '../src/usual-submit.ts';
import { bytesOf } from './builders.ts';

/** What readLine and readMinerRequest make of a line. */
function general(text: string): MinerRequest | undefined {
  const line = readLine(bytesOf(text));
  return line.kind === 'request' ? readMinerRequest(line.id, line.method, line.params) : undefined;
}

const HEX_DIGITS = '0123456789abcdefABCDEF'.split('');
const hex = (most: number) => fc.string({ unit: fc.constantFrom(...HEX_DIGITS), maxLength: most });
const blank = fc.constantFrom('', '', '', ' ', '  ', '\t');
const oddText = fc.oneof(
  hex(70),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('0x1f', '-1', 'g', '0123456789', 'x'.repeat(255), 'x'.repeat(256), '\\', '"', '\u007f'),
);
const param = fc.oneof(
  { weight: 8, arbitrary: hex(8).map((digits) => JSON.stringify(digits)) },
  { weight: 2, arbitrary: oddText.map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: fc.constantFrom('null', '1', '""', '"\\u0031"', '[]', '"a', 'a"', '"\t"', '') },
);
const idText = fc.oneof(
  fc.nat().map(String),
  fc.constantFrom('0', '00', '01', '-1', '1.5', '1e3', '"1"', 'null', '9'.repeat(15), '9'.repeat(16), '[1]', ''),
);
const method = fc.constantFrom(
  '"mining.submit"',
  '"mining.submit"',
  '"mining.submit"',
  '"mining.submit "',
  '"mining.\\u0073ubmit"',
  '1',
);
const member = fc.oneof(
  idText.map((id) => ['"id"', id]),
  method.map((name) => ['"method"', name]),
  fc
    .tuple(fc.array(param, { maxLength: 8 }), blank)
    .map(([params, gap]) => ['"params"', `[${params.join(`,${gap}`)}]`]),
  fc.constantFrom(['"jsonrpc"', '"2.0"'], ['"\\u0069d"', '1'], ['"worker"', '"x"']),
);
const whole = fc.tuple(
  idText.map((id) => ['"id"', id]),
  fc.constant(['"method"', '"mining.submit"']),
  fc
    .tuple(fc.array(param, { minLength: 4, maxLength: 7 }), blank)
    .map(([params, gap]) => ['"params"', `[${params.join(`,${gap}`)}]`]),
);
const members = fc.oneof(
  whole.chain((all) => fc.shuffledSubarray(all, { minLength: 3 })),
  fc.array(member, { maxLength: 4 }),
);
const line = fc
  .tuple(members, blank, blank, blank)
  .map(
    ([all, colonGap, commaGap, end]) => `{${all.map((pair) => pair.join(`:${colonGap}`)).join(`,${commaGap}`)}}${end}`,
  );

const USUAL = fc
  .record({
    id: fc.nat(),
    name: fc.stringMatching(/^[a-zA-Z0-9._@-]{0,60}$/),
    jobId: fc.stringMatching(/^[0-9a-z]{0,16}$/),
    extranonce2: hex(32).map((digits) => (digits.length % 2 === 0 ? digits : `0${digits}`)),
    numbers: fc.array(fc.stringMatching(/^[0-9a-fA-F]{1,8}$/), { minLength: 2, maxLength: 3 }),
    gap: fc.constantFrom('', ' '),
  })
  .chain(({ id, name, jobId, extranonce2, numbers, gap }) => {
    const params = [name, jobId, extranonce2, ...numbers].map((text) => `"${text}"`).join(`,${gap}`);
    const all = [`"id":${gap}${id}`, `"method":${gap}"mining.submit"`, `"params":${gap}[${params}]`];
    return fc.shuffledSubarray(all, { minLength: 3 }).map((texts) => `{${texts.join(`,${gap}`)}}`);
  });

test('the short way of reading a submit says what the general one says, or nothing', () => {
  fc.assert(
    fc.property(line, (text) => {
      const read = readUsualSubmit(text);
      if (read !== undefined) expect(read).toEqual(general(text));
    }),
    { numRuns: 3_000 },
  );
});

test('a usual submit with one character changed, lost or added is read as the general way reads it, or not', () => {
  const change = fc.tuple(fc.nat(), fc.nat(1), fc.constantFrom('', '"', ',', ' ', '\\', '0', 'g', '}', ':', 'é', '\n'));
  fc.assert(
    fc.property(USUAL, change, (text, [place, lost, added]) => {
      const at = place % (text.length + 1);
      const changed = text.slice(0, at) + added + text.slice(at + lost);
      const read = readUsualSubmit(changed);
      if (read !== undefined) expect(read).toEqual(general(changed));
    }),
    { numRuns: 3_000 },
  );
});

test('every usual submit is read the short way', () => {
  fc.assert(
    fc.property(USUAL, (text) => {
      expect(readUsualSubmit(text)).toEqual(general(text));
    }),
  );
});
