import { describe, expect, test } from 'vitest';
import {
  fieldKind,
  flagNames,
  JOB_DECLARATION_PROTOCOL,
  type MessageDefinition,
  MINING_PROTOCOL,
  protocols,
  TEMPLATE_DISTRIBUTION_PROTOCOL,
} from '../src/index.ts';

const definitions = protocols.flatMap(({ fromClient, fromServer }): readonly MessageDefinition[] => [
  ...fromClient.definitions,
  ...fromServer.definitions,
]);

describe('what a field is, by its name', () => {
  test('fits its type in every message (§5-§7)', () => {
    const wrong = definitions.flatMap(({ name, fieldList }) =>
      fieldList.flatMap(([field, type]) => {
        const kind = fieldKind(field);
        if (kind === undefined) return [];
        const fits = kind === 'hash' || kind === 'target' ? /U256/ : /U32/;
        return fits.test(type.name) ? [] : [`${name}.${field}: ${type.name} is no ${kind}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('is told of every U256', () => {
    const untold = definitions.flatMap(({ fieldList }) =>
      fieldList.filter(([field, type]) => type.name.includes('U256') && fieldKind(field) === undefined),
    );
    expect(untold.map(([field]) => field)).toEqual([]);
  });
});

describe('the names of flags (§5.3.1, §6.4.1)', () => {
  test.each([
    ['SetupConnection', MINING_PROTOCOL, 0b101, ['REQUIRES_STANDARD_JOBS', 'REQUIRES_VERSION_ROLLING']],
    ['SetupConnection', JOB_DECLARATION_PROTOCOL, 0b1, ['DECLARE_TX_DATA']],
    ['SetupConnection', TEMPLATE_DISTRIBUTION_PROTOCOL, 0b1, ['unknown bits 0x1']],
    ['SetupConnection', 77, 0b11, ['unknown bits 0x3']],
    [
      'SetupConnectionSuccess',
      MINING_PROTOCOL,
      0x8000_0003,
      ['REQUIRES_FIXED_VERSION', 'REQUIRES_EXTENDED_CHANNELS', 'unknown bits 0x80000000'],
    ],
    ['SetupConnectionSuccess', JOB_DECLARATION_PROTOCOL, 0, []],
  ] as const)('%s of protocol %i, %i', (message, protocol, flags, names) => {
    expect(flagNames(message, protocol, flags)).toEqual(names);
  });
});
