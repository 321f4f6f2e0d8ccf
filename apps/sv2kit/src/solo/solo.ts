import {
  type Address,
  ConfigError,
  EXIT,
  type Problem,
  runService,
  type ServiceDefinition,
  UsageError,
} from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { processTerminal, type Terminal } from '../terminal.ts';
import { readCommandLine, soloHelp, soloHost } from './command-line.ts';
import { type SoloConfig, soloConfig } from './config.ts';
import { createSolo, type Solo } from './create.ts';
import { dashboardPlace } from './dashboard-place.ts';
import { firstScreen, minerUrls, type ShownPage } from './first-screen.ts';
import { watchSolo } from './watch.ts';

const LINGER_MS = 1000;

/** `sv2kit solo`: the command line is laid over the configuration as the environment is. */
export async function solo(argv: readonly string[], terminal: Terminal): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.out(soloHelp);
    return EXIT.ok;
  }
  const options = readCommandLine(argv);
  const isSeen = terminal === processTerminal && process.stdout.isTTY === true;
  const place = await dashboardPlace({ ...options, environment: process.env });
  const host = soloHost(options, place, isSeen);
  const isPaid = Object.keys(host.environment).some((name) => name.startsWith('SV2KIT_SOLO__COINBASE__'));
  if (!isPaid && host.argv.length === 0) throw new UsageError('--address is missing: where blocks are to pay');
  const page = dashboardPage();
  const shown = { isBuilt: page !== undefined, taken: place.taken };
  const show = isSeen ? (text: string) => terminal.out(text) : undefined;
  const code = await runService(soloDefinition(shown, show), host, page);
  // Everything is closed by now; a handle that was forgotten must not keep the process.
  if (terminal === processTerminal) setTimeout(() => process.exit(code), LINGER_MS).unref();
  return code;
}

/** With the key that every service has. */
type WholeConfig = SoloConfig & { readonly monitoring?: Address | undefined };

/** @param show what a person is to read; absent where nobody looks, and the log has it all */
function soloDefinition(
  page: Omit<ShownPage, 'at'>,
  show: ((text: string) => void) | undefined,
): ServiceDefinition<SoloConfig> {
  return {
    name: 'solo',
    config: soloConfig,
    async start(config: WholeConfig, deps) {
      const running = await createSolo(config, deps).catch((error: unknown) => {
        throw withOptions(error);
      });
      // Told to stop while it started: there is nothing to point a miner at.
      if (deps.signal.aborted) return running;
      const { monitoring: at } = config;
      if (show === undefined) {
        if (page.taken !== undefined) deps.log.warn('the usual address of the dashboard is taken', { at: page.taken });
        deps.log.info('miners connect here', { urls: minerUrls(running) });
        return running;
      }
      show(firstScreen(config, running, { ...page, at }));
      return watched(running, watchSolo(running, deps, show));
    },
  };
}

function watched(running: Solo, watch: Disposable): Solo {
  return {
    ...running,
    close() {
      watch[Symbol.dispose]();
      return running.close();
    },
  };
}

/** How to choose other addresses to listen on than those that cannot be had. */
const CHOICES: Readonly<Record<string, string>> = {
  listen: '--listen HOST:PORT chooses another',
  listen_v1: '--listen-v1 HOST:PORT chooses another, --no-v1 does without',
};

function withOptions(error: unknown): unknown {
  if (!(error instanceof ConfigError)) return error;
  const problems = error.problems.map((problem): Problem => {
    const choice = CHOICES[problem.key];
    return choice === undefined ? problem : { ...problem, wrong: `${problem.wrong}: ${choice}` };
  });
  return new ConfigError(problems, { cause: error });
}
