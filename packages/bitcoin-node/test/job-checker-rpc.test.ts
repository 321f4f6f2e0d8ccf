import { jobCheckerSuite } from './job-checker-suite.ts';

jobCheckerSuite({
  options: ({ rpcUrl: url, cookieFile }) => ({ url, cookieFile }),
  polls: true,
  tellsMined: async () => true,
  away: /cannot be reached/,
});
