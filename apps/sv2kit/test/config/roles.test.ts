import { type Config, type Field, type Fields, formatAddress, parseConfig } from '@sv2kit/daemon';
import { describe, expect, test } from 'vitest';
import { configuredRoles } from '../../src/config/configured-roles.ts';
import { placesOf } from '../../src/config/place.ts';

const configs = await Promise.all(configuredRoles.map(async ({ name, config }) => ({ name, ...(await config()) })));

/** A variable for each key, with its example, and one table in each list. */
function variables(fields: Fields, above: string): [string, string][] {
  return Object.entries(fields).flatMap(([name, field]): [string, string][] => {
    const variable = `${above}__${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
    if (field.kind === 'section') return variables(field.fields, variable);
    if (field.kind === 'sections') return variables(field.fields, `${variable}__0`);
    return [[variable, textOf(field.sample)]];
  });
}

function textOf(sample: unknown): string {
  return Array.isArray(sample) ? sample.map(String).join(',') : String(sample);
}

/** As TOML would give it. */
function samples(fields: Fields): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, field]) => [key(name), sampleOf(field)]);
  return Object.fromEntries(entries);
}

function sampleOf(field: Field): unknown {
  if (field.kind === 'value') return field.sample;
  return field.kind === 'section' ? samples(field.fields) : [samples(field.fields)];
}

const key = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

describe.each(configs)('every key of a $name', ({ name, fields }) => {
  test('can come from the environment, without a file, and reads as it does from one', () => {
    const environment = Object.fromEntries(
      variables(without(fields), `SV2KIT_${name.toUpperCase().replaceAll('-', '_')}`),
    );
    const config = { fields: without(fields), check: () => [] };
    const sources = { name, workingFolder: '/srv' };
    const fromEnvironment = parseConfig(config, '', { ...sources, environment });
    const fromFile = parseConfig(config, tomlOf(samples(without(fields))), { ...sources, file: '/srv/x.toml' });
    expect(fromEnvironment).toEqual(fromFile);
  });
});

/** Secrets in files that are not there cannot be read. */
function without(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, field]): [string, Field][] => {
      if (field.kind !== 'value') return [[name, { ...field, fields: without(field.fields) }]];
      return field.confidential && String(field.sample).startsWith('file:') ? [] : [[name, field]];
    }),
  );
}

/** Inline all the way: what tests need of TOML. */
function tomlOf(table: Record<string, unknown>): string {
  return Object.entries(table)
    .map(([name, value]) => `${name} = ${inline(value)}\n`)
    .join('');
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name} = ${inline(inner)}`)
    .join(', ')} }`;
}

test('no two roles with their defaults are in each other’s way on one machine, but for those that stand for others', () => {
  // Who mines solo, and a pool with its job declarator server in one, listen where the roles would that they stand for.
  const apart = configs.filter(({ name }) => name !== 'solo' && name !== 'pool-with-jds');
  const all = apart.flatMap(({ name, fields }) => {
    const config: Config<object> = { fields: optionalAll(fields), check: () => [] };
    const values = parseConfig(config, '', { name, workingFolder: '/srv' });
    const { listens, folders } = placesOf(name, fields, values);
    return [...listens.map(({ address }) => formatAddress(address)), ...folders.values()];
  });
  expect(new Set(all).size).toBe(all.length);
  expect(all.length).toBeGreaterThan(10);
});

/** As if whatever must be given had been left out. */
function optionalAll(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]): [string, Field] => {
      if (field.kind === 'value')
        return [name, field.presence === 'required' ? { ...field, presence: 'optional' } : field];
      const inner = optionalAll(field.fields);
      return [name, field.kind === 'sections' ? { ...field, fields: inner, atLeast: 0 } : { ...field, fields: inner }];
    }),
  );
}
