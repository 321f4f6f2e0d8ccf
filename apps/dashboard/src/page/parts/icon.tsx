const PATHS = {
  overview: 'M3 13h4l3-8 4 14 3-6h4',
  workers: 'M4 6h16v5H4zM4 13h16v5H4zM7.5 8.5h.01M7.5 15.5h.01',
  blocks: 'M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9',
  work: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h7',
  topology:
    'M12 8a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM5 21a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM19 21a2.5 2.5 0 100-5 2.5 2.5 0 000 5zM11 8l-4.500 8M13 8l4.500 8',
  inspector: 'M10.500 17a6.500 6.500 0 100-13 6.500 6.500 0 000 13zM15.500 15.500L21 21',
  health: 'M12 20s-8-4.700-8-10.500A4.500 4.500 0 0112 7a4.500 4.500 0 018 2.500C20 15.300 12 20 12 20z',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  done: 'M5 12.500l4.500 4.500L19 7.500',
  sun: 'M12 16a4 4 0 100-8 4 4 0 000 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600L19 19M5 19l1.400-1.400M17.600 6.400L19 5',
  moon: 'M20 14.500A8 8 0 119.500 4a6.500 6.500 0 0010.500 10.500z',
  device: 'M4 5h16v11H4zM9 20h6M12 16v4',
  search: 'M10.500 17a6.500 6.500 0 100-13 6.500 6.500 0 000 13zM15.500 15.500L21 21',
  close: 'M6 6l12 12M18 6L6 18',
  help: 'M9 9.500a3 3 0 114.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 18h.01',
  left: 'M14.500 6L8.500 12l6 6',
  right: 'M9.500 6l6 6-6 6',
} as const;
export type IconName = keyof typeof PATHS;

/** A drawing beside a word; it says nothing by itself. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
