import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { canSend, numbersQuery } from "~/features/numbers/queries";
import { useFormat } from "~/format/useFormat";
import { transactionsQuery } from "./queries";
import css from "./Wallet.module.css";

/** What came of a checkout: the money is there, or on its way. */
export function TopUpReturn({ id }: { id: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useInfiniteQuery(transactionsQuery);
  const numbers = useQuery(numbersQuery);
  const isNew = numbers.data?.some(canSend) === false;
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
        renderRoot={(props) => <Link to={isNew ? "/start" : "/wallet"} {...props} />}
      >
        {isNew ? t("nav.start") : t("common.dismiss")}
      </Button>
    </div>
  );
}
