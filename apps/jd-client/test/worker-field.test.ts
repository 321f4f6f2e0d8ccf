import { fromUtf8, utf8 } from '@sv2kit/codec';
import { expect, test } from 'vitest';
import { workerField } from '../src/worker-field.ts';

test.each([
  ['rig1', 'rig1'],
  ['a'.repeat(32), 'a'.repeat(32)],
  ['a'.repeat(40), 'a'.repeat(32)],
  [`${'a'.repeat(31)}é`, 'a'.repeat(31)],
  [`${'a'.repeat(30)}é`, `${'a'.repeat(30)}é`],
  [`${'a'.repeat(29)}😀`, 'a'.repeat(29)],
  [`${'a'.repeat(28)}😀b`, `${'a'.repeat(28)}😀`],
])('%s goes with a share as %s (extension 0x0002)', (name, field) => {
  expect(fromUtf8(workerField(utf8(name)))).toBe(field);
});

test('a name that is no text does not keep a share from going out', () => {
  expect(workerField(new Uint8Array(40).fill(0x80))).toHaveLength(0);
});
