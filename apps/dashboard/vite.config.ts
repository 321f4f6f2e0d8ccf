import { join } from 'node:path';
import { defineConfig } from 'vite';

/** Where the page of a stack is asked for while one develops it: a role's, or that of `sv2kit dashboard`. */
const upstream = process.env['SV2KIT_DASHBOARD'] ?? 'http://127.0.0.1:8080';
const target = { target: upstream, changeOrigin: true };

export default defineConfig({
  root: join(import.meta.dirname, 'src/page'),
  // Relative: the same files are served at / by the dashboard and at /dashboard/ by a role.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(import.meta.dirname, 'dist/page'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/roles': target, '/events': target } },
});
