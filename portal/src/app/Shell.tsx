import { ActionIcon, DirectionProvider, Drawer, MantineProvider } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";
import { followTabs, useSession } from "~/features/accounts/session";
import { VerifyNotice } from "~/features/accounts/VerifyNotice";
import { Compose } from "~/features/compose/lazy";
import { walletQuery } from "~/features/wallet/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { useLive } from "~/live/useLive";
import {
  BarsIcon,
  CartIcon,
  GearIcon,
  HashIcon,
  HookIcon,
  KeyIcon,
  MenuIcon,
  MessageIcon,
  WalletIcon,
} from "~/shared/icons";
import { Wordmark } from "~/shared/Wordmark";
import { AccountMenu } from "./AccountMenu";
import { CutOff } from "./CutOff";
import { LoadingPage } from "./pages";
import css from "./Shell.module.css";
import { useShortcuts } from "./shortcuts";
import { theme, variables } from "./theme";

const Shortcuts = lazy(() => import("./Shortcuts"));

/** Everything around the pages of an account. */
export function Shell() {
  const session = useSession();
  const navigate = useNavigate();
  useEffect(() => {
    if (session === null) {
      void navigate({ to: "/sign-in" });
    }
  }, [session, navigate]);
  if (session === null) {
    return <LoadingPage />;
  }
  return (
    <DirectionProvider>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        {session.account_id ? <Account id={session.account_id} /> : <OperatorNotice />}
      </MantineProvider>
    </DirectionProvider>
  );
}

/** Operators have no wallet and no inbox. */
function OperatorNotice() {
  const { t } = useTranslation();
  return (
    <main className={css.notice}>
      <p>{t("shell.operator")}</p>
      <AccountMenu />
    </main>
  );
}

function Account({ id }: { id: number }) {
  const { t } = useTranslation();
  const link = useLive(id);
  useEffect(() => followTabs(id), [id]);
  const [menu, setMenu] = useState(false);
  const [help, setHelp] = useState(false);
  useShortcuts(() => setHelp(true));
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the menu
  useEffect(() => setMenu(false), [path]);
  return (
    <div className={css.shell}>
      <a href="#content" className={css.skip}>
        {t("shell.skip")}
      </a>
      <aside className={css.side} aria-label={t("shell.account")}>
        <div className={css.brand}>
          <Wordmark />
        </div>
        <Navigation />
        <div className={css.foot}>
          <Balance />
          <AccountMenu />
        </div>
      </aside>
      <section className={css.bar} aria-label={t("shell.account")}>
        <ActionIcon size="lg" onClick={() => setMenu(true)} aria-label={t("shell.menu")}>
          <MenuIcon size={20} />
        </ActionIcon>
        <Wordmark />
        <Balance short />
      </section>
      <main id="content" className={css.main} tabIndex={-1}>
        <CutOff link={link} />
        <VerifyNotice />
        <Outlet />
      </main>
      <Drawer
        opened={menu}
        onClose={() => setMenu(false)}
        position="left"
        size={264}
        title={<Wordmark />}
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <Navigation />
        <div className={css.menuFoot}>
          <AccountMenu />
        </div>
      </Drawer>
      <Compose />
      {help && (
        <Suspense>
          <Shortcuts onClose={() => setHelp(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Navigation() {
  const { t } = useTranslation();
  const pages = [
    { to: "/sms", label: t("nav.sms"), Icon: MessageIcon },
    { to: "/numbers", label: t("nav.numbers"), Icon: HashIcon },
    { to: "/order", label: t("nav.order"), Icon: CartIcon },
    { to: "/wallet", label: t("nav.wallet"), Icon: WalletIcon },
    { to: "/reports", label: t("nav.reports"), Icon: BarsIcon },
    { to: "/api-keys", label: t("nav.apiKeys"), Icon: KeyIcon },
    { to: "/webhooks", label: t("nav.webhooks"), Icon: HookIcon },
    { to: "/settings", label: t("nav.settings"), Icon: GearIcon },
  ] as const;
  return (
    <nav aria-label={t("nav.label")}>
      <ul className={css.nav}>
        {pages.map(({ to, label, Icon }) => (
          <li key={to}>
            <Link to={to} className={css.item} activeOptions={{ includeSearch: false }}>
              <Icon size={17} />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Balance({ short = false }: { short?: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const wallet = useQuery(walletQuery);
  return (
    <Link to="/wallet" className={css.balance} data-short={short || undefined}>
      <span className={short ? "visually-hidden" : "dim"}>{t("wallet.balance")}</span>
      <span className="num">{wallet.data ? format.money(wallet.data.balance) : "–"}</span>
    </Link>
  );
}
