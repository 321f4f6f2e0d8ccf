import { jobDeclaration } from './job-declaration.ts';
import { over } from './over.ts';

over(['ipc', 'ipc+rpc'], jobDeclaration);
