import { badDeclarations } from './bad-declarations.ts';

badDeclarations('rpc');
