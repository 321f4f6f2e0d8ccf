import Type, { type Static } from 'typebox';
import { flag, maybe, text, timeMs, view, word } from './shape.ts';

export const ConditionViewSchema = view(
  'One thing that must be so for the role to be of full use.',
  {
    name: text('What must be so.'),
    ok: flag('It is so.'),
    code: maybe(
      text('Why it is not, for programs: node-away, template-too-old, upstream-lost, wrong-chain, clock-off …'),
    ),
    reason: maybe(text('Why it is not, for people.')),
    serving: maybe(flag('Of one that is not ok: whether the role does all its work without.')),
    sinceMs: timeMs('Since when it is as it is.'),
  },
  'Condition',
);
export type ConditionView = Static<typeof ConditionViewSchema>;

export const HealthViewSchema = view(
  'How the role is.',
  {
    state: word('Degraded when any condition is not met.', ['starting', 'ok', 'degraded', 'stopping']),
    serving: flag('The role does its work: ok, or degraded by nothing that it needs. What readiness answers.'),
    reason: maybe(text('Why the state is not ok.')),
    conditions: Type.Array(ConditionViewSchema),
  },
  'Health',
);
export type HealthView = Static<typeof HealthViewSchema>;
