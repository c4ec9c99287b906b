import type { ComponentProps } from "react";
import css from "./PlainButton.module.css";

interface Props extends ComponentProps<"button"> {
  look?: "filled" | "default";
  small?: boolean;
  loading?: boolean;
}

/** A button for the pages that are shown before Mantine is loaded. */
export function PlainButton({ look = "filled", small, loading, disabled, ...props }: Props) {
  return (
    <button
      type="button"
      className={css.button}
      data-look={look}
      data-small={small || undefined}
      data-loading={loading || undefined}
      disabled={disabled || loading}
      {...props}
    />
  );
}

/** The class of a link that looks like a button. */
export const buttonClass = css.button;
