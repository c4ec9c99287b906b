import type { ReactNode } from "react";

interface IconProps {
  size?: number;
  className?: string;
}

/** Line icons on a grid of 20; decoration only, the text beside them speaks. */
function icon(path: ReactNode, mirrored = false) {
  // biome-ignore lint/correctness/noComponentHookFactories: called while the module loads, never while rendering
  return function Icon({ size = 16, className }: IconProps) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.6}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        className={className}
        data-mirrored={mirrored || undefined}
        style={{ flex: "none" }}
      >
        {path}
      </svg>
    );
  };
}

export const MessageIcon = icon(
  <path d="M4 4.5h12a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5H9L5.5 17.5v-3H4A1.5 1.5 0 0 1 2.5 13V6A1.5 1.5 0 0 1 4 4.5z" />,
);
export const HashIcon = icon(<path d="M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5" />);
export const CartIcon = icon(
  <>
    <path d="M2.5 3.5h2l2 9.5h8.5l1.8-6.8H5.2" />
    <circle cx="8" cy="16.3" r="1" />
    <circle cx="14" cy="16.3" r="1" />
  </>,
);
export const WalletIcon = icon(
  <path d="M3 6.5A1.5 1.5 0 0 1 4.5 5H15v3M3 6.5v8A1.5 1.5 0 0 0 4.5 16h11a1.5 1.5 0 0 0 1.5-1.5v-5A1.5 1.5 0 0 0 15.5 8h-11A1.5 1.5 0 0 1 3 6.500zM13.5 12h.01" />,
);
export const BarsIcon = icon(<path d="M4 16.5v-6M10 16.5v-13M16 16.500v-9" />);
export const KeyIcon = icon(
  <>
    <circle cx="7" cy="13" r="3.5" />
    <path d="m9.5 10.5 7-7M13.5 6.500l2.5 2.5" />
  </>,
);
export const HookIcon = icon(
  <>
    <circle cx="10" cy="6" r="2.5" />
    <circle cx="5" cy="14" r="2.5" />
    <circle cx="15" cy="14" r="2.5" />
    <path d="m9 8.3-2.7 3.900M11.2 8.200l2.5 3.700M7.5 14h5" />
  </>,
);
export const GearIcon = icon(
  <>
    <path d="M3 6h7M14 6h3M3 14h3M10 14h7" />
    <circle cx="12" cy="6" r="2" />
    <circle cx="8" cy="14" r="2" />
  </>,
);
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />);
export const PencilIcon = icon(
  <path d="m3.5 16.5.8-3.500L13.5 3.800a1.6 1.6 0 0 1 2.3 0l.4.4a1.6 1.6 0 0 1 0 2.300L7 15.700z" />,
);
export const SearchIcon = icon(
  <>
    <circle cx="9" cy="9" r="5" />
    <path d="m13 13 3.5 3.5" />
  </>,
);
export const CloseIcon = icon(<path d="m5 5 10 10M15 5 5 15" />);
export const CheckIcon = icon(<path d="m4 10.5 4 4 8-9" />);
export const CopyIcon = icon(
  <>
    <rect x="7" y="7" width="9.5" height="9.5" rx="1.5" />
    <path d="M13 4.5A1.5 1.5 0 0 0 11.5 3h-7A1.5 1.5 0 0 0 3 4.500v7A1.5 1.5 0 0 0 4.5 13" />
  </>,
);
export const OutIcon = icon(<path d="M6 14 14 6M7.5 6H14v6.5" />, true);
export const InIcon = icon(<path d="M14 6 6 14M12.5 14H6V7.5" />, true);
export const BackIcon = icon(<path d="M16 10H4M9 5l-5 5 5 5" />, true);
export const ForwardIcon = icon(<path d="M4 10h12M11 5l5 5-5 5" />, true);
export const ChevronIcon = icon(<path d="m8 5 5 5-5 5" />, true);
export const DownIcon = icon(<path d="m5.5 8 4.5 4.500L14.5 8" />);
export const MenuIcon = icon(<path d="M3 6h14M3 10h14M3 14h14" />);
export const PhoneIcon = icon(
  <>
    <rect x="5.5" y="2.5" width="9" height="15" rx="2" />
    <path d="M9 15h2" />
  </>,
);
export const TrashIcon = icon(
  <path d="M3.5 5.500h13M8 5.500V3.500h4v2M5.5 5.500l.7 11h7.600l.7-11" />,
);
export const DownloadIcon = icon(<path d="M10 3v9.500M6 9l4 4 4-4M3.5 16.500h13" />);
export const AlertIcon = icon(<path d="M10 3 2.5 16.500h15zM10 8.500v3.500M10 14.300v.01" />);
export const FlagIcon = icon(<path d="M5 17.500V3.500h9.500l-2 3.5 2 3.500H5" />);
export const SunIcon = icon(
  <>
    <circle cx="10" cy="10" r="3.2" />
    <path d="M10 2.500v1.500M10 16v1.500M2.5 10H4M16 10h1.500M4.7 4.700l1 1M14.3 14.300l1 1M4.7 15.300l1-1M14.3 5.700l1-1" />
  </>,
);
