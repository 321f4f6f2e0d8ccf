/** What a unit says that differs from one service to another. */
export interface UnitPlan {
  /** After `sv2kit-`: the role, or the name that was chosen for one of several. */
  readonly name: string;
  readonly description: string;
  /** The program with its words, each without blanks. */
  readonly command: readonly string[];
  /** Absolute, the program's. */
  readonly documentation?: string;
  /** Units that are started before this one, where they are there at all, and stopped after it. */
  readonly after: readonly string[];
  /** From `drain_seconds`. */
  readonly drainSeconds: number;
  readonly scope: SystemScope | UserScope;
}

/** A service of the machine, under a user of its own. */
export interface SystemScope {
  readonly kind: 'system';
  readonly user: string;
  /** Groups whose files it may read: a Bitcoin node's. */
  readonly groups: readonly string[];
  /** Below /var/lib. */
  readonly stateFolders: readonly string[];
  /** Below /etc; absent where the configuration is elsewhere. */
  readonly configurationFolder?: string;
  /** Other folders that it writes to, absolute. */
  readonly writes: readonly string[];
  /** Whether it listens on a port below 1024. */
  readonly hasLowPort: boolean;
}

/** A service of one person, with that person's rights. */
export interface UserScope {
  readonly kind: 'user';
}

/** First line of every unit that is ours. */
export const UNIT_MARK = '# Written by: sv2kit service install';
/** Seconds that a stop may take beyond `drain_seconds`: to close, and for the manager's patience. */
const STOP_MARGIN = 25;

/** The text of the unit, for systemd 247 and later. */
export function renderUnit(plan: UnitPlan): string {
  const { scope } = plan;
  const isSystem = scope.kind === 'system';
  return `${UNIT_MARK}
# Changes go into a file beside it, which outlives upgrades: systemctl ${isSystem ? '' : '--user '}edit ${unitName(plan.name)}

[Unit]
Description=${plan.description}
${plan.documentation === undefined ? '' : `Documentation=file:${plan.documentation}\n`}${isSystem ? ordering(plan, scope) : ''}
[Service]
Type=notify
NotifyAccess=all
ExecStart=${plan.command.join(' ')}
ExecReload=/bin/kill -HUP $MAINPID
# A ledger may have a lot to read before the service listens.
TimeoutStartSec=infinity
# Miners are sent away and what they sent is settled within drain_seconds; then everything is closed.
TimeoutStopSec=${Math.ceil(plan.drainSeconds) + STOP_MARGIN}
KillMode=mixed
Restart=on-failure
RestartSec=2
# A configuration that cannot be used does not mend itself.
RestartPreventExitStatus=2
${isSystem ? placeOf(scope) : ''}
LimitNOFILE=65536
UMask=0077
${isSystem ? systemHardening(scope) : ''}${HARDENING}
[Install]
WantedBy=${isSystem ? 'multi-user' : 'default'}.target
`;
}

/** @param name of the service */
export function unitName(name: string): string {
  return `sv2kit-${name}.service`;
}

function ordering({ after }: UnitPlan, { writes }: SystemScope): string {
  return `Wants=network-online.target
After=${['network-online.target', ...after].join(' ')}
StartLimitIntervalSec=0
${writes.length === 0 ? '' : `RequiresMountsFor=${writes.join(' ')}\n`}`;
}

function placeOf({ user, groups, stateFolders, configurationFolder, writes }: SystemScope): string {
  return `
User=${user}
Group=${user}
${line('SupplementaryGroups', groups)}${line('StateDirectory', stateFolders)}${stateFolders.length === 0 ? '' : 'StateDirectoryMode=0700\n'}${
  configurationFolder === undefined
    ? ''
    : `ConfigurationDirectory=${configurationFolder}\nConfigurationDirectoryMode=0750\n`
}${line('ReadWritePaths', writes)}`;
}

/** What only a manager with the machine's rights can take away. */
function systemHardening({ hasLowPort }: SystemScope): string {
  const capability = hasLowPort ? 'CAP_NET_BIND_SERVICE' : '';
  return `
CapabilityBoundingSet=${capability}
AmbientCapabilities=${capability}
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProcSubset=pid
PrivateTmp=yes
PrivateDevices=yes
PrivateIPC=yes
PrivateMounts=yes
PrivateUsers=${hasLowPort ? 'no' : 'yes'}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RemoveIPC=yes
DevicePolicy=closed
`;
}

/**
 * No MemoryDenyWriteExecute: the program is compiled while it runs. ZeroMQ sets the policy of its threads, to the usual
 * one, and aborts where that is forbidden.
 */
const HARDENING = `NoNewPrivileges=yes
KeyringMode=private
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallFilter=sched_setscheduler
SystemCallErrorNumber=EPERM
`;

function line(key: string, values: readonly string[]): string {
  return values.length === 0 ? '' : `${key}=${values.join(' ')}\n`;
}
