import { losingTheNode } from './losing-the-node.ts';

losingTheNode('rpc');
