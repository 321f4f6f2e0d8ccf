import type { SurfaceContext } from './context.ts';
import type { Link } from './plain-routes.ts';

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}' +
  'dt{font-family:ui-monospace,monospace}dd{margin:0 0 .75rem}';

/** A page for people who opened the address in a browser. No scripts, nothing from elsewhere. */
export function indexPage({ health, name, version }: SurfaceContext, links: readonly Link[]): string {
  const { state, conditions } = health();
  const troubles = conditions
    .filter(({ ok }) => !ok)
    .map(({ name: what, reason }) => `<li>${escape(`${what}: ${reason}`)}</li>`);
  const rows = links.map(({ href, what }) => `<dt><a href="${href}">${href}</a></dt><dd>${escape(what)}</dd>`);
  return [
    '<!doctype html>',
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">`,
    `<title>sv2kit ${escape(name)}</title><style>${STYLE}</style></head><body>`,
    `<h1>sv2kit ${escape(name)}</h1><p>Version ${escape(version)}. Health: <strong>${state}</strong>.</p>`,
    troubles.length === 0 ? '' : `<ul>${troubles.join('')}</ul>`,
    `<dl>${rows.join('\n')}</dl></body></html>\n`,
  ].join('\n');
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
