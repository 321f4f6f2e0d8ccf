import { happyPath } from './happy-path.ts';

happyPath('rpc');
