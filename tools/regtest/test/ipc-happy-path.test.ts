import { happyPath } from './happy-path.ts';
import { over } from './over.ts';

over(['ipc', 'ipc+rpc'], happyPath);
