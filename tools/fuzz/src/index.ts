/** Fuzz targets generated from the declarations, and what runs them. */
export { attempt, Finding, fuzz } from './fuzz.ts';
export { type Target, targets } from './targets.ts';
