/** How the repo reads itself: its packages, their sources and what they import. Tests beside hold it to its rules. */
export { importsOf, membersOf, type Member, root, sourcesOf } from './workspace.ts';
export { LAYERS } from './layers.ts';
