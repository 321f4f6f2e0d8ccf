// What is common to reading and writing: the two low bits of a pointer, and the size codes of lists.

export const WORD = 8;

export const STRUCT = 0;
export const LIST = 1;
export const FAR = 2;
export const OTHER = 3;

export const BYTE_LIST = 2;
export const WORD_LIST = 5;
export const POINTER_LIST = 6;
export const COMPOSITE_LIST = 7;

/** Bytes of an element's data section, by size code; pointers and composites are counted otherwise. */
export const ELEMENT_BYTES: readonly number[] = [0, 0, 1, 2, 4, 8, 0, 0];
export const BIT_LIST = 1;

/** Bytes of the segment table in front of so many segments. */
export const tableBytes = (segments: number): number => (4 + 4 * segments + 7) & ~7;
