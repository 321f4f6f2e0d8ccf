// Jobs that a node finds bad are refused with the same words whichever way it is asked.
import { badDeclarations } from './bad-declarations.ts';
import { over } from './over.ts';

over(['ipc', 'ipc+rpc'], badDeclarations);
