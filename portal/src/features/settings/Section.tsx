import { type ReactNode, useId } from "react";
import css from "./Settings.module.css";

/** A part of the settings: its name on one side, its fields on the other. */
export function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={css.section} aria-labelledby={id}>
      <h2 className={css.title} id={id}>
        {title}
      </h2>
      <div className={css.fields}>{children}</div>
    </section>
  );
}
