import Type, { type Static, type TProperties, type TSchema } from 'typebox';

/** An object in which nothing is that is not declared: what is not here never leaves the process. */
export function view<const P extends TProperties>(description: string, properties: P, title?: string) {
  return Type.Object(properties, { description, additionalProperties: false, ...(title !== undefined && { title }) });
}

export const maybe = <const S extends TSchema>(schema: S) => Type.Optional(schema);
export const text = (description: string) => Type.String({ description });
/** One of a few words. */
export const word = <const W extends string>(description: string, words: readonly W[]) =>
  Type.Enum([...words] as W[], { type: 'string', description });
export const count = (description: string) => Type.Integer({ minimum: 0, description });
export const number = (description: string) => Type.Number({ description });
export const flag = (description: string) => Type.Boolean({ description });
/** Unix milliseconds. */
export const timeMs = (description: string) => Type.Integer({ description: `${description} Unix milliseconds.` });
export const satoshis = (description: string) => Type.Integer({ description: `${description} Satoshis.` });
/** 32 bytes as people write them: hexadecimal, the last byte first. */
export const hash = (description: string) =>
  Type.String({ pattern: '^[0-9a-f]{64}$', description: `${description} Hexadecimal, as block explorers show it.` });
export const hex = (description: string) =>
  Type.String({ pattern: '^([0-9a-f]{2})*$', description: `${description} Hexadecimal.` });
/** How many of each, by name. */
export const counts = (description: string) =>
  Type.Record(Type.String(), Type.Integer({ minimum: 0 }), { description });

/** In a row: whose it is, where several roles are in one process. */
export const part = Type.Optional(
  Type.String({ description: 'Of several roles in one process, the one that it is of.' }),
);

/** Measured from accepted work, hashes per second. */
export const HashrateSchema = view(
  'Measured from accepted work, in hashes per second.',
  {
    oneMinute: number('Over the last minute.'),
    tenMinutes: number('Over the last ten minutes.'),
    oneHour: number('Over the last hour.'),
    oneDay: number('Over the last 24 hours.'),
  },
  'Hashrate',
);
export type HashrateView = Static<typeof HashrateSchema>;
