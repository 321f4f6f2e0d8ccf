import { join } from 'node:path';
import { DASHBOARD, dashboardUrl, describeDashboard, serving } from './dashboard.ts';
import { type Describe, describeDevice, describeService } from './describe.ts';
import type { Layout } from './layout.ts';
import { type NodeLink, speaksToNode } from './node-link.ts';
import type { StackPlan } from './plan.ts';
import type { StackPorts } from './ports.ts';
import { Role, type RolePackage } from './role.ts';

interface RolePlace {
  readonly layout: Layout;
  readonly ports: StackPorts;
  readonly link: NodeLink;
  readonly onChange: (role: Role) => void;
}

/** Every role that is a program of ours, in the order in which they are shown. */
export function createRoles({ services, devices }: StackPlan, place: RolePlace): ReadonlyMap<string, Role> {
  const { layout, ports, link, onChange } = place;
  const create = (name: string, role: RolePackage, describe: Describe): [string, Role] => {
    const plan = {
      name,
      package: role,
      configFile: join(layout.configs, `${name}.toml`),
      logFile: join(layout.logs, `${name}.log`),
      workingFolder: layout.root,
      compileCache: join(layout.cache, 'compiled'),
      monitoringPort: ports.monitoring.get(name) ?? 0,
      describe,
      ...(speaksToNode(role) ? { node: link } : {}),
      ...(role === DASHBOARD ? { read: serving } : {}),
    };
    return [name, new Role(plan, onChange)];
  };
  const page = dashboardUrl(ports);
  return new Map([
    ...(page === undefined ? [] : [create(DASHBOARD, DASHBOARD, describeDashboard(page))]),
    ...services.map((service) =>
      create(service.name, service.package, describeService(service, ports.services.get(service.name) ?? 0)),
    ),
    ...devices.map((device) => create(device.name, 'mining-device', describeDevice(device))),
  ]);
}
