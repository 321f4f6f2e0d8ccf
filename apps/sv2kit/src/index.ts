/**
 * The operator's command, `sv2kit`: the whole stack, any role, keys, decoding.
 *
 * @example
 * process.exitCode = await sv2kit(['decode', '000001060000020000000000']);
 *
 * @packageDocumentation
 */
export { type Command, CommandError } from './command.ts';
export { type Role, roles } from './roles.ts';
export { sv2kit } from './sv2kit.ts';
export type { Terminal } from './terminal.ts';
