import { jobDeclaration } from './job-declaration.ts';

jobDeclaration('rpc');
