/** Fuzz targets generated from the declarations, and what runs them. */
export { attempt, Finding, fuzz } from './fuzz.ts';
export type { Target } from './target.ts';
export { targets } from './targets.ts';
