import { Outlet } from "@tanstack/react-router";
import { LanguageMenu } from "~/features/accounts/LanguageMenu";
import { Wordmark } from "~/shared/Wordmark";
import css from "./Frame.module.css";

/** The quiet page around sign-in and its kin. */
export function Frame() {
  return (
    <div className={css.frame}>
      <header className={css.header}>
        <Wordmark />
        <LanguageMenu />
      </header>
      <main className={css.main}>
        <Outlet />
      </main>
    </div>
  );
}
