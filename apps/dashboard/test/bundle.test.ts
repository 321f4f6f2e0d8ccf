import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { expect, test } from 'vitest';

/** Of what is loaded until a page of the dashboard is there, compressed. */
const MOST_BYTES = 100_000;
const MOST_BYTES_OF_THE_FIRST = 75_000;

type File = Rolldown.OutputChunk | Rolldown.OutputAsset;
const output = await built();

async function built(): Promise<readonly File[]> {
  const configFile = join(import.meta.dirname, '../vite.config.ts');
  const result = await build({ configFile, logLevel: 'error', build: { write: false } });
  if (Array.isArray(result) || !('output' in result)) throw new Error('one build is expected');
  return result.output;
}

const chunks = output.filter((file) => file.type === 'chunk');
const chunkOf = (name: string) => chunks.find(({ fileName }) => fileName === name);

/** A chunk and all that it needs, by name. */
function needed(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const chunk = chunkOf(name);
  for (const css of chunk?.viteMetadata?.importedCss ?? []) found.add(css);
  for (const other of chunk?.imports ?? []) needed(other, found);
  return found;
}

const entry = chunks.find(({ isEntry }) => isEntry);
const bytesOf = (names: Iterable<string>): number =>
  [...names]
    .map((name) => output.find(({ fileName }) => fileName === name))
    .map((file) => gzipSync(file === undefined ? '' : file.type === 'chunk' ? file.code : file.source).length)
    .reduce((sum, bytes) => sum + bytes, 0);
const firstLoad = ['index.html', ...needed(entry?.fileName ?? '')];
const css = output.filter(({ fileName }) => /index-[^/]*\.css$/.test(fileName)).map(({ fileName }) => fileName);
const pages = chunks.filter(
  ({ isDynamicEntry, facadeModuleId }) => isDynamicEntry && /pages/.test(facadeModuleId ?? ''),
);

test('every page is there after less than 100 kB, and the overview after less', () => {
  const sizes = pages.map(({ fileName, facadeModuleId }) => ({
    page: /pages\/(\w+)\//.exec(facadeModuleId ?? '')?.[1],
    bytes: bytesOf(new Set([...firstLoad, ...css, ...needed(fileName)])),
  }));
  expect(sizes.map(({ page }) => page)).toContain('overview');
  expect(sizes.filter(({ bytes }) => bytes >= MOST_BYTES)).toEqual([]);
  expect(sizes.find(({ page }) => page === 'overview')?.bytes).toBeLessThan(MOST_BYTES_OF_THE_FIRST);
});

test('nothing in the page is inline or from elsewhere: the policy that it is served with allows neither', () => {
  const html = output.find(({ fileName }) => fileName === 'index.html');
  const text = html?.type === 'asset' ? String(html.source) : '';
  expect(text).toContain('<script type="module"');
  expect(text).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=|https?:/);
});
