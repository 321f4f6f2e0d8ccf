import Type from 'typebox';
import { count, text, timeMs, view } from './shape.ts';

export const RoleViewSchema = view(
  'What this is.',
  {
    name: text('The role.'),
    version: text('Of sv2kit.'),
    pid: count('Of the process.'),
    node: text('The version of Node that runs it.'),
    startedAtMs: timeMs('When it was started.'),
    uptimeSeconds: count('How long it has run.'),
    resources: Type.Array(Type.String(), {
      description: 'What it answers below /api/v1, beside role, health and events: workers, workers/{name} …',
    }),
  },
  'Role',
);
