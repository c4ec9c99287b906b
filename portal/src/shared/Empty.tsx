import type { ReactNode } from "react";
import css from "./Empty.module.css";

interface Props {
  title: string;
  text?: string;
  /** The one action that helps. */
  action?: ReactNode;
}

/** A list without rows. */
export function Empty({ title, text, action }: Props) {
  return (
    <div className={css.empty}>
      <p className={css.title}>{title}</p>
      {text !== undefined && <p className={css.text}>{text}</p>}
      {action !== undefined && <div className={css.action}>{action}</div>}
    </div>
  );
}
