import { describe, expect, test } from 'vitest';
import { importsOf, LAYERS, membersOf, shortName, sourcesOf } from '../src/index.ts';

const members = membersOf('packages', 'apps', 'tools');
/** Those that no other app may import: the page of the dashboard is served by all of them. */
const apps = new Set(
  membersOf('apps')
    .map(shortName)
    .filter((name) => name !== 'dashboard'),
);

test('every member of the workspace has its place in the table of layers, and the table names no other', () => {
  expect(Object.keys(LAYERS).sort()).toEqual(members.map(shortName).sort());
});

describe.each(members.map((member) => [member.path, member] as const))('%s', (_, member) => {
  const layer = LAYERS[shortName(member)];
  const imports = sourcesOf(member).flatMap((file) => importsOf(file).map((specifier) => ({ file, specifier })));

  test('imports other members only through their public exports and only those its layer may', () => {
    const wrong = imports.filter(({ specifier }) => {
      if (!specifier.startsWith('@sv2kit/')) return false;
      const [, other = '', inside] = specifier.split('/');
      if (inside !== undefined || layer === undefined) return true;
      if (other === shortName(member)) return true;
      if (layer.members.includes('**')) return false;
      return layer.members.includes('*') ? apps.has(other) : !layer.members.includes(other);
    });
    expect(wrong).toEqual([]);
  });

  test('imports only the libraries of its layer, and node: only outside the pure layer', () => {
    const wrong = imports.filter(({ specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('@sv2kit/')) return false;
      if (specifier.startsWith('node:')) return layer?.kind === 'pure';
      const library = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      return layer?.libraries.includes(library) !== true;
    });
    expect(wrong).toEqual([]);
  });

  test('stays inside its own folder with relative imports', () => {
    const wrong = imports.filter(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      return !new URL(specifier, `file:///${file}`).pathname.startsWith(`/${member.path}/src/`);
    });
    expect(wrong).toEqual([]);
  });

  test('declares what it imports', () => {
    const declared = new Set([...member.dependencies, member.name]);
    const wrong = imports.filter(({ specifier }) => {
      if (specifier.startsWith('.') || specifier.startsWith('node:')) return false;
      return !declared.has(
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    });
    expect(wrong).toEqual([]);
  });
});
