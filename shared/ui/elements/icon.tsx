/** Line icons of our own drawing, 24 units square, in the colour of the text around them. */

const PATHS = {
  tablet: "M6 3h12a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM10 18h4",
  box: "M4 6h16v5H4zM4 13h16v5H4zM7.5 8.5h.01M7.5 15.5h.01M12 8.5h5M12 15.5h5",
  cloud: "M7 18.5h10a4 4 0 0 0 .7-7.9 5.7 5.7 0 0 0-11-1.2A4.6 4.6 0 0 0 7 18.5Z",
  back: "M15 5l-7 7 7 7",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12ZM15.5 15.5L20 20",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM12 8v4.5l3 2",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.3h.01",
  send: "M4 12l16-7-5 15-3.5-6.5zM11.5 13.5L20 5",
  cash: "M3 6.5h18v11H3zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM6 12h.01M18 12h.01",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5M8.5 9h7M8.5 12.5h4",
  bin: "M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  mute: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5",
  guests: "M9 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM3.5 19c0-3 2.5-5 5.5-5s5.5 2 5.5 5M16 6a2.5 2.5 0 0 1 0 5M17 14c2.2.4 3.5 2.3 3.5 5",
  globe: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16ZM4 12h16M12 4c5 5 5 11 0 16M12 4c-5 5-5 11 0 16",
  split: "M12 4v5M12 9L6 15v5M12 9l6 6v5M3.5 17.5L6 20l2.5-2.5M15.5 17.5L18 20l2.5-2.5",
  percent: "M19 5L5 19M7.5 5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5ZM16.5 14a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  erase: "M9 6h11v12H9l-6-6zM12 9.5l5 5M17 9.5l-5 5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 24 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
