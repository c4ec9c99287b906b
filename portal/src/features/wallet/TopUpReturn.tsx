import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useFormat } from "~/format/useFormat";
import { transactionsQuery } from "./queries";
import css from "./Wallet.module.css";

/** What came of a checkout: the money is there, or on its way. */
export function TopUpReturn({ id }: { id: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useInfiniteQuery(transactionsQuery);
  const reference = `topup:${id}`;
  const found = list.data?.pages
    .flatMap((page) => page.transactions)
    .find((transaction) => transaction.reference === reference);
  return (
    <div className={css.return} role="status">
      {found === undefined
        ? t("wallet.return.waiting")
        : t("wallet.return.done", { amount: format.money(found.amount) })}{" "}
      <Button
        size="compact-xs"
        variant="subtle"
        renderRoot={(props) => <Link to="/wallet" {...props} />}
      >
        {t("common.dismiss")}
      </Button>
    </div>
  );
}
