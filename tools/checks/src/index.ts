/** How the repo reads itself: its packages, their sources and what they import. Tests beside hold it to its rules. */
export { errorTables, limitRows, renderErrors, renderLimits } from './documents.ts';
export { LAYERS } from './layers.ts';
export { importsOf, type Member, membersOf, root, shortName, sourcesOf } from './workspace.ts';
