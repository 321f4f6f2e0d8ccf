// A message is declared once; its codec, its TypeScript type, its size cap, its row in the documentation,
// its fuzz generator and its inspector all come from that declaration.
import { type DataType, u32 } from './data-types.ts';

export type Fields = Readonly<Record<string, DataType<unknown>>>;

/** An optional field that an extension appends to a message of another (§3.4.3). */
export interface TlvField<T> {
  /** The extension that must have been negotiated. */
  readonly extension: number;
  /** The field's number inside that extension. */
  readonly fieldType: number;
  /** Largest value, in bytes; a longer one refuses the whole message. */
  readonly max: number;
  /** Never present: carries the TypeScript type of the value. */
  readonly value?: T;
}
export type TlvFields = Readonly<Record<string, TlvField<unknown>>>;

/** One declared message. */
export interface MessageDefinition<
  N extends string = string,
  F extends Fields = Fields,
  V extends TlvFields = TlvFields,
> {
  /** The `type` of its values: the spec's name without dots. */
  readonly name: N;
  /** The spec's name, for example `SubmitShares.Success`. */
  readonly specName: string;
  readonly extensionType: number;
  readonly messageType: number;
  /** Whether the frame carries the channel_msg bit (§3.2.1). */
  readonly channelMsg: boolean;
  readonly fields: F;
  readonly tlvFields: V;
  /** The same in wire order, for loops. */
  readonly fieldList: readonly (readonly [name: string, type: DataType<unknown>])[];
  readonly tlvList: readonly (readonly [name: string, field: TlvField<unknown>])[];
  /** Smallest payload, in bytes. */
  readonly minPayload: number;
  /** Largest payload that a receiver accepts, in bytes, room for TLV fields included. */
  readonly maxPayload: number;
}

type FieldValues<F extends Fields> = { readonly [K in keyof F]: F[K] extends DataType<infer T> ? T : never };
type TlvValues<V extends TlvFields> = {
  readonly [K in keyof V]?: V[K] extends TlvField<infer T> ? T | undefined : never;
};
type Flat<T> = { readonly [K in keyof T]: T[K] };

/** The value of a declared message: `{ type, ...fields }`, and optional TLV fields. */
export type MessageOf<D> =
  D extends MessageDefinition<infer N, infer F, infer V>
    ? Flat<{ readonly type: N } & FieldValues<F> & TlvValues<V>>
    : never;

/** Room for TLV fields that is granted to every message beside its own fields, in bytes. */
export const TLV_ALLOWANCE = 256;
/** No payload is longer than a U24 can say. */
const MAX_FRAME_PAYLOAD = 0xffffff;

export interface MessageOptions<V extends TlvFields> {
  readonly extensionType?: number;
  readonly tlv?: V;
  /** A cap below what the data types would allow, in bytes. */
  readonly maxPayload?: number;
}

/** Declares a message without the channel_msg bit. Field order is wire order. */
export function message<const N extends string, F extends Fields, V extends TlvFields = Record<never, never>>(
  name: N,
  messageType: number,
  fields: F,
  options: MessageOptions<V> = {},
): MessageDefinition<N, F, V> {
  return define(name, messageType, false, fields, options);
}

/** Declares a message of a channel: adds `channelId` in front and sets the channel_msg bit. */
export function channelMessage<const N extends string, F extends Fields, V extends TlvFields = Record<never, never>>(
  name: N,
  messageType: number,
  fields: F,
  options: MessageOptions<V> = {},
): MessageDefinition<N, { readonly channelId: DataType<number> } & F, V> {
  return define(name, messageType, true, { channelId: u32, ...fields }, options);
}

function define<N extends string, F extends Fields, V extends TlvFields>(
  name: N,
  messageType: number,
  channelMsg: boolean,
  fields: F,
  options: MessageOptions<V>,
): MessageDefinition<N, F, V> {
  const fieldList = Object.entries(fields);
  const tlvFields = options.tlv ?? ({} as V);
  const natural = fieldList.reduce((sum, [, type]) => sum + type.maxSize, TLV_ALLOWANCE);
  return {
    name,
    specName: name.replace(/(?<=.)(Success|Error)$/, '.$1'),
    extensionType: options.extensionType ?? 0,
    messageType,
    channelMsg,
    fields,
    tlvFields,
    fieldList,
    tlvList: Object.entries(tlvFields),
    minPayload: fieldList.reduce((sum, [, type]) => sum + type.minSize, 0),
    maxPayload: Math.min(natural, options.maxPayload ?? MAX_FRAME_PAYLOAD, MAX_FRAME_PAYLOAD),
  };
}

/** The messages that one side of a protocol may send. */
export interface MessageTable<D extends MessageDefinition = MessageDefinition> {
  readonly definitions: readonly D[];
  /** The declaration with these numbers, or undefined: an unknown message, or one of the other side. */
  find(extensionType: number, messageType: number): D | undefined;
  /** The declaration of a value's `type`; throws a plain Error for a name of another side (a mistake of ours). */
  named(name: string): D;
}

/** One protocol: who may send what. A message from the wrong side is not found, hence refused by the decoder. */
export interface Protocol<
  C extends MessageDefinition = MessageDefinition,
  S extends MessageDefinition = MessageDefinition,
> {
  readonly name: string;
  /** `SetupConnection.protocol`. */
  readonly number: number;
  readonly fromClient: MessageTable<C>;
  readonly fromServer: MessageTable<S>;
}
/** What a client of a protocol may send. */
export type FromClient<P> = P extends Protocol<infer C, MessageDefinition> ? MessageOf<C> : never;
/** What a server of a protocol may send. */
export type FromServer<P> = P extends Protocol<MessageDefinition, infer S> ? MessageOf<S> : never;

export function protocol<C extends MessageDefinition, S extends MessageDefinition>(
  name: string,
  number: number,
  sides: { readonly fromClient: readonly C[]; readonly fromServer: readonly S[] },
): Protocol<C, S> {
  return { name, number, fromClient: table(sides.fromClient), fromServer: table(sides.fromServer) };
}

function table<D extends MessageDefinition>(definitions: readonly D[]): MessageTable<D> {
  const byNumber = new Map<number, D>();
  const byName = new Map<string, D>();
  for (const definition of definitions) {
    const key = (definition.extensionType << 8) | definition.messageType;
    if (byNumber.has(key) || byName.has(definition.name)) throw new Error(`${definition.name} is declared twice`);
    byNumber.set(key, definition);
    byName.set(definition.name, definition);
  }
  return {
    definitions,
    find: (extensionType, messageType) => byNumber.get((extensionType << 8) | messageType),
    named(name) {
      const definition = byName.get(name);
      if (definition === undefined) throw new Error(`this side never sends ${name}`);
      return definition;
    },
  };
}
