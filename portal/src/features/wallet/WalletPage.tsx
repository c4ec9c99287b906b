import { Button, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Transaction } from "~/api/types";
import { useSession } from "~/features/accounts/session";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { DownloadIcon, PlusIcon } from "~/shared/icons";
import { MoreButton } from "~/shared/MoreButton";
import { Page } from "~/shared/Page";
import { RowSkeleton } from "~/shared/RowSkeleton";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import { AutoRecharge } from "./AutoRecharge";
import { fileAddress, isFiltered, toQuery } from "./filters";
import { Limits } from "./Limits";
import { Papers, receiptAddress } from "./Papers";
import { transactionsQuery, walletQuery } from "./queries";
import { TopUp } from "./TopUp";
import { TopUpReturn } from "./TopUpReturn";
import { TransactionFilters } from "./TransactionFilters";
import { Upcoming } from "./Upcoming";
import css from "./Wallet.module.css";

const route = getRouteApi("/inside/wallet");

export function WalletPage() {
  const { t } = useTranslation();
  const format = useFormat();
  const session = useSession();
  const wallet = useQuery(walletQuery);
  const { add, topup, view } = route.useSearch();
  const navigate = route.useNavigate();
  const held = wallet.data && Number(wallet.data.held.amount) > 0;
  const open = () => void navigate({ search: (old) => ({ ...old, add: true }) });
  return (
    <Page
      title={t("nav.wallet")}
      actions={
        session?.payments && (
          <Button leftSection={<PlusIcon />} onClick={open}>
            {t("wallet.topUp")}
          </Button>
        )
      }
    >
      {topup !== undefined && <TopUpReturn id={topup} />}
      <div className={css.balance}>
        <p className="dim">{t("wallet.balance")}</p>
        <p className={css.amount}>{wallet.data ? format.money(wallet.data.balance) : "–"}</p>
        {held && (
          <p className="dim">{t("wallet.held", { amount: format.money(wallet.data.held) })}</p>
        )}
      </div>
      {wallet.data && Number(wallet.data.owed.amount) > 0 && (
        <p className={css.owed} role="alert">
          {t("wallet.owed", { amount: format.money(wallet.data.owed) })}
        </p>
      )}
      {wallet.isError && (
        <div className={css.failure}>
          <FailureNote error={wallet.error} retry={() => void wallet.refetch()} />
        </div>
      )}
      <div className={css.views}>
        <SegmentedControl
          size="xs"
          aria-label={t("wallet.view.label")}
          value={view ?? "transactions"}
          onChange={(chosen) =>
            void navigate({
              search: (old) => ({ ...old, view: chosen === "transactions" ? undefined : chosen }),
            })
          }
          data={[
            { value: "transactions", label: t("wallet.transactions") },
            { value: "papers", label: t("wallet.view.papers") },
            { value: "settings", label: t("wallet.view.settings") },
          ]}
        />
      </div>
      {view === undefined && (
        <>
          <Upcoming onTopUp={session?.payments ? open : undefined} />
          <Transactions onTopUp={session?.payments ? open : undefined} />
        </>
      )}
      {view === "papers" && <Papers />}
      {view === "settings" && wallet.isPending && <RowSkeleton />}
      {view === "settings" && wallet.data && (
        <>
          {session?.payments && <AutoRecharge wallet={wallet.data} onTopUp={open} />}
          <Limits wallet={wallet.data} />
        </>
      )}
      {session?.payments && wallet.data && (
        <TopUp
          wallet={wallet.data}
          opened={add === true}
          onClose={() => void navigate({ search: (old) => ({ ...old, add: undefined }) })}
        />
      )}
    </Page>
  );
}

function Transactions({ onTopUp }: { onTopUp: (() => void) | undefined }) {
  const { t } = useTranslation();
  const format = useFormat();
  const filters = route.useSearch();
  const query = toQuery(filters, format.timeZone);
  const list = useInfiniteQuery(transactionsQuery(query));
  const transactions = list.data?.pages.flatMap((page) => page.transactions) ?? [];
  return (
    <section aria-label={t("wallet.transactions")}>
      <div className={css.head}>
        <h2 className={css.subtitle}>{t("wallet.transactions")}</h2>
        {transactions.length > 0 && (
          <Button
            component="a"
            href={fileAddress(query)}
            download
            size="xs"
            variant="default"
            leftSection={<DownloadIcon size={14} />}
          >
            {t("wallet.export")}
          </Button>
        )}
      </div>
      {(isFiltered(filters) || transactions.length > 0) && <TransactionFilters filters={filters} />}
      {list.isPending && <RowSkeleton />}
      {list.isError && transactions.length === 0 && (
        <div className={css.failure}>
          <FailureNote error={list.error} retry={() => void list.refetch()} />
        </div>
      )}
      {list.isSuccess && transactions.length === 0 && isFiltered(filters) && (
        <Empty title={t("wallet.filters.none.title")} text={t("wallet.filters.none.text")} />
      )}
      {list.isSuccess && transactions.length === 0 && !isFiltered(filters) && (
        <Empty
          title={t("wallet.empty.title")}
          text={t("wallet.empty.text")}
          action={onTopUp && <Button onClick={onTopUp}>{t("wallet.topUp")}</Button>}
        />
      )}
      {transactions.length > 0 && (
        <div className={table.scroll}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t("wallet.columns.time")}</th>
                <th scope="col">{t("wallet.columns.what")}</th>
                <th scope="col" className={table.end}>
                  {t("wallet.columns.amount")}
                </th>
                <th scope="col" className={`${table.end} ${table.wideOnly}`}>
                  {t("wallet.columns.after")}
                </th>
              </tr>
            </thead>
            <tbody>
              {transactions.map((transaction) => (
                <tr key={transaction.id}>
                  <td className="dim">
                    <When at={transaction.created_at} />
                  </td>
                  <td>
                    <What transaction={transaction} />
                  </td>
                  <td
                    className={`${table.end} num`}
                    data-plus={!transaction.amount.amount.startsWith("-") || undefined}
                  >
                    {format.money(transaction.amount, "exceptZero")}
                  </td>
                  <td className={`${table.end} ${table.wideOnly} num dim`}>
                    {format.money(transaction.balance_after)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton list={list} className={table.more} />
    </section>
  );
}

/** What was paid for, with a link to it. */
function What({ transaction }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const kind = t(`wallet.kind.${transaction.kind}`);
  const [subject, id] = transaction.reference.split(":");
  const note = transaction.note ? <span className="dim"> · {transaction.note}</span> : null;
  if (subject === "message") {
    return (
      <Link to="/sms" search={{ message: Number(id) }} className="link">
        {kind} <span className="num ltr">{id}</span>
      </Link>
    );
  }
  if (subject === "number") {
    return (
      <Link to="/numbers" search={{ configure: Number(id) }} className="link">
        {kind}
      </Link>
    );
  }
  return (
    <span>
      {kind}{" "}
      {subject === "topup" && (
        <Link to="/wallet" search={{ topup: Number(id) }} className="link">
          <span className="num ltr">{id}</span>
        </Link>
      )}
      {transaction.kind === "topup" && (
        <>
          {" · "}
          <a href={receiptAddress(Number(id))} download className="link">
            {t("wallet.papers.receipt")}
          </a>
        </>
      )}
      {note}
    </span>
  );
}
