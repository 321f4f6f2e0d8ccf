import type { ComponentType } from 'preact';
import type { IconName } from '../parts/icon.tsx';
import type { Route } from './route.ts';

export interface PageProps {
  readonly route: Route;
}

/** A page: its module exports `Page`, and is loaded when it is first looked at. */
export interface PageEntry {
  /** The first segment of its address. */
  readonly path: string;
  readonly label: string;
  readonly icon: IconName;
  /** The key that leads to it. */
  readonly key: string;
  load(): Promise<{ readonly Page: ComponentType<PageProps> }>;
}

export const PAGES: readonly PageEntry[] = [
  { path: '', label: 'Overview', icon: 'overview', key: '1', load: () => import('../pages/overview/index.tsx') },
  { path: 'workers', label: 'Workers', icon: 'workers', key: '2', load: () => import('../pages/workers/index.tsx') },
  { path: 'blocks', label: 'Blocks', icon: 'blocks', key: '3', load: () => import('../pages/blocks/index.tsx') },
  { path: 'work', label: 'Work', icon: 'work', key: '4', load: () => import('../pages/work/index.tsx') },
  {
    path: 'topology',
    label: 'Topology',
    icon: 'topology',
    key: '5',
    load: () => import('../pages/topology/index.tsx'),
  },
  {
    path: 'inspector',
    label: 'Inspector',
    icon: 'inspector',
    key: '6',
    load: () => import('../pages/inspector/index.tsx'),
  },
  { path: 'health', label: 'Health', icon: 'health', key: '7', load: () => import('../pages/health/index.tsx') },
];
