import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, take } from "~/api/client";
import type { Transaction } from "~/api/types";
import { explain } from "~/shared/failures";
import { DownloadIcon } from "~/shared/icons";
import { toCsv } from "./csv";
import css from "./Wallet.module.css";

/** Saves all transactions as a file. */
export function ExportButton() {
  const { t } = useTranslation();
  const save = useMutation({
    mutationFn: everyTransaction,
    onSuccess: (transactions) => download("transactions.csv", toCsv(table(transactions))),
  });
  return (
    <div className={css.export}>
      {save.error !== null && <span role="alert">{explain(save.error, t).title}</span>}
      <Button
        size="xs"
        variant="default"
        leftSection={<DownloadIcon size={14} />}
        loading={save.isPending}
        onClick={() => save.mutate()}
      >
        {t("wallet.export")}
      </Button>
    </div>
  );
}

async function everyTransaction(): Promise<Transaction[]> {
  const all: Transaction[] = [];
  let cursor: string | undefined;
  do {
    const page = await take(
      api.GET("/portal/wallet/transactions", { params: { query: { limit: 200, cursor } } }),
    );
    all.push(...page.transactions);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/** Column names are the API's: the file is for programs as well. */
function table(transactions: readonly Transaction[]): string[][] {
  return [
    ["id", "created_at", "kind", "amount", "balance_after", "currency", "reference", "note"],
    ...transactions.map((each) => [
      String(each.id),
      each.created_at,
      each.kind,
      each.amount.amount,
      each.balance_after.amount,
      each.amount.currency,
      each.reference,
      each.note ?? "",
    ]),
  ];
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
