import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { canSend, numbersQuery } from "~/features/numbers/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { topUpQuery } from "./queries";
import css from "./Wallet.module.css";

/** What came of a checkout: the money is there, on its way, or not to come. */
export function TopUpReturn({ id }: { id: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const topUp = useQuery(topUpQuery(id));
  const numbers = useQuery(numbersQuery);
  if (topUp.isError) {
    return (
      <div className={css.failure}>
        <FailureNote error={topUp.error} retry={() => void topUp.refetch()} />
      </div>
    );
  }
  const isNew = topUp.data?.status === "paid" && numbers.data?.some(canSend) === false;
  const amount = topUp.data && format.money(topUp.data.amount);
  return (
    <div className={css.return} role="status" data-failed={topUp.data?.status === "failed"}>
      {topUp.data?.status === "paid" && t("wallet.return.done", { amount })}
      {topUp.data?.status === "failed" && t("wallet.return.failed", { amount })}
      {topUp.data?.status !== "paid" &&
        topUp.data?.status !== "failed" &&
        t("wallet.return.waiting")}{" "}
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
