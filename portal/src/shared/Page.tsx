import { type ReactNode, useEffect } from "react";
import css from "./Page.module.css";

interface Props {
  title: string;
  /** Figures or a sentence under the title. */
  lead?: ReactNode;
  actions?: ReactNode;
  /** As high as the window, and scrolling inside. */
  fill?: boolean;
  children: ReactNode;
}

/** A page of the portal: its title, its actions, its content. */
export function Page({ title, lead, actions, fill, children }: Props) {
  useEffect(() => {
    document.title = `${title} · didfarm`;
  }, [title]);
  return (
    <div className={css.page} data-fill={fill || undefined}>
      <header className={css.header}>
        <div className={css.titles}>
          <h1 className={css.title}>{title}</h1>
          {lead !== undefined && <div className={css.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={css.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
