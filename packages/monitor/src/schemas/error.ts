import Type, { type Static } from 'typebox';
import { MONITOR_ERRORS, type MonitorErrorCode } from '../errors.ts';
import { maybe, text, view } from './shape.ts';

export const ErrorSchema = Type.Object(
  {
    code: Type.Enum(Object.keys(MONITOR_ERRORS) as MonitorErrorCode[], { description: 'For programs.' }),
    message: text('For people.'),
    problems: maybe(
      Type.Array(
        view('One thing that is wrong with the question.', {
          where: text('Which part of it.'),
          wrong: text('What is wrong.'),
          right: text('What would be right.'),
        }),
      ),
    ),
    has: maybe(Type.Array(Type.String(), { description: 'What there is instead.' })),
  },
  { title: 'Error', description: 'Why there is no other answer.', additionalProperties: false },
);
export type ErrorAnswer = Static<typeof ErrorSchema>;
