import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { sessionQuery } from "~/features/accounts/session";
import { parseReport } from "~/features/reports/period";
import { KINDS, type RequestFilters } from "~/features/requests/queries";
import { type Filters, parseFilters } from "~/features/sms/filters";
import {
  parseFilters as parseWalletFilters,
  type Filters as WalletFilters,
} from "~/features/wallet/filters";
import { CrashPage, LoadingPage, MissingPage } from "./pages";
import { queryClient } from "./queries";
import { parseSearch, stringifySearch } from "./search";

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: MissingPage,
});

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
const id = (value: unknown) => {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
};

/** Where a page leads back to; only paths of the portal itself. */
function returnPath(value: unknown): string | undefined {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : undefined;
}

/** Pages for those who are not signed in. */
const outside = createRoute({
  getParentRoute: () => root,
  id: "outside",
  component: lazyRouteComponent(() => import("~/features/accounts/Frame"), "Frame"),
});

const signIn = createRoute({
  getParentRoute: () => outside,
  path: "/sign-in",
  validateSearch: (raw: Record<string, unknown>): { next?: string } => ({
    next: returnPath(raw.next),
  }),
  beforeLoad: async ({ search }) => {
    if (await queryClient.ensureQueryData(sessionQuery)) {
      throw redirect({ href: search.next ?? "/sms" });
    }
  },
  component: lazyRouteComponent(() => import("~/features/accounts/SignIn"), "SignIn"),
});

const signUp = createRoute({
  getParentRoute: () => outside,
  path: "/sign-up",
  component: lazyRouteComponent(() => import("~/features/accounts/SignUp"), "SignUp"),
});

const token = (raw: Record<string, unknown>): { token?: string } => ({
  token: raw.token === undefined ? undefined : String(raw.token),
});

const verify = createRoute({
  getParentRoute: () => outside,
  path: "/verify",
  validateSearch: token,
  component: lazyRouteComponent(() => import("~/features/accounts/Verify"), "Verify"),
});

const reset = createRoute({
  getParentRoute: () => outside,
  path: "/reset",
  validateSearch: token,
  component: lazyRouteComponent(() => import("~/features/accounts/Reset"), "Reset"),
});

/** Pages of an account. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery);
    if (session === null) {
      throw redirect({ to: "/sign-in", search: { next: location.href } });
    }
  },
  component: lazyRouteComponent(() => import("./Shell"), "Shell"),
});

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/sms" });
  },
});

const start = createRoute({
  getParentRoute: () => inside,
  path: "/start",
  component: lazyRouteComponent(() => import("~/features/start/StartPage"), "StartPage"),
});

export interface SmsSearch extends Filters {
  view?: "conversations";
  /** The open message. */
  message?: number;
  /** The open conversation: the other side, and our number. */
  with?: string;
  via?: number;
}

const sms = createRoute({
  getParentRoute: () => inside,
  path: "/sms",
  validateSearch: (raw: Record<string, unknown>): SmsSearch => ({
    ...parseFilters(raw),
    view: raw.view === "conversations" ? "conversations" : undefined,
    message: id(raw.message),
    with: text(raw.with),
    via: id(raw.via),
  }),
  component: lazyRouteComponent(() => import("~/features/sms/SmsPage"), "SmsPage"),
});

const numbers = createRoute({
  getParentRoute: () => inside,
  path: "/numbers",
  validateSearch: (raw: Record<string, unknown>): { configure?: number } => ({
    configure: id(raw.configure),
  }),
  component: lazyRouteComponent(() => import("~/features/numbers/NumbersPage"), "NumbersPage"),
});

const messagingProfiles = createRoute({
  getParentRoute: () => inside,
  path: "/messaging-profiles",
  validateSearch: (raw: Record<string, unknown>): { profile?: number } => ({
    profile: id(raw.profile),
  }),
  component: lazyRouteComponent(
    () => import("~/features/messaging-profiles/ProfilesPage"),
    "ProfilesPage",
  ),
});

const order = createRoute({
  getParentRoute: () => inside,
  path: "/order",
  validateSearch: (
    raw: Record<string, unknown>,
  ): { country?: string; type?: string; contains?: string } => ({
    country: text(raw.country),
    type: text(raw.type),
    contains: text(raw.contains),
  }),
  component: lazyRouteComponent(() => import("~/features/orders/OrderPage"), "OrderPage"),
});

interface WalletSearch extends WalletFilters {
  topup?: number;
  add?: boolean;
  view?: "papers" | "settings";
}

const wallet = createRoute({
  getParentRoute: () => inside,
  path: "/wallet",
  validateSearch: (raw: Record<string, unknown>): WalletSearch => ({
    ...parseWalletFilters(raw),
    topup: id(raw.topup),
    view: raw.view === "papers" || raw.view === "settings" ? raw.view : undefined,
    add: raw.add === "1" || raw.add === true ? true : undefined,
  }),
  component: lazyRouteComponent(() => import("~/features/wallet/WalletPage"), "WalletPage"),
});

const reports = createRoute({
  getParentRoute: () => inside,
  path: "/reports",
  validateSearch: parseReport,
  component: lazyRouteComponent(() => import("~/features/reports/ReportsPage"), "ReportsPage"),
});

const apiKeys = createRoute({
  getParentRoute: () => inside,
  path: "/api-keys",
  component: lazyRouteComponent(() => import("~/features/api-keys/ApiKeysPage"), "ApiKeysPage"),
});

const requests = createRoute({
  getParentRoute: () => inside,
  path: "/requests",
  validateSearch: (raw: Record<string, unknown>): RequestFilters & { request?: number } => ({
    status: KINDS.find((kind) => kind === raw.status),
    path: text(raw.path),
    request: id(raw.request),
  }),
  component: lazyRouteComponent(() => import("~/features/requests/RequestsPage"), "RequestsPage"),
});

const webhooks = createRoute({
  getParentRoute: () => inside,
  path: "/webhooks",
  validateSearch: (raw: Record<string, unknown>): { webhook?: number } => ({
    webhook: id(raw.webhook),
  }),
  component: lazyRouteComponent(() => import("~/features/webhooks/WebhooksPage"), "WebhooksPage"),
});

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings",
  component: lazyRouteComponent(() => import("~/features/settings/SettingsPage"), "SettingsPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    outside.addChildren([signIn, signUp, verify, reset]),
    inside.addChildren([
      home,
      start,
      sms,
      numbers,
      messagingProfiles,
      order,
      wallet,
      reports,
      apiKeys,
      requests,
      webhooks,
      settings,
    ]),
  ]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingMs: 300,
  defaultPendingMinMs: 200,
  defaultPendingComponent: LoadingPage,
  defaultErrorComponent: CrashPage,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
