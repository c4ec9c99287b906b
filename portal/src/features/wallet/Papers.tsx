import { useInfiniteQuery } from "@tanstack/react-query";
import type { Paper } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { DownloadIcon } from "~/shared/icons";
import { MoreButton } from "~/shared/MoreButton";
import { RowSkeleton } from "~/shared/RowSkeleton";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import { papersQuery } from "./queries";
import css from "./Wallet.module.css";

export const receiptAddress = (topUp: number) => `/api/v1/portal/wallet/topups/${topUp}/receipt`;

/** Receipts and monthly statements, to download. */
export function Papers() {
  const { t } = useTranslation();
  const format = useFormat();
  const list = useInfiniteQuery(papersQuery);
  const papers = list.data?.pages.flatMap((page) => page.papers) ?? [];
  return (
    <section aria-label={t("wallet.view.papers")}>
      {list.isPending && <RowSkeleton />}
      {list.isError && papers.length === 0 && (
        <div className={css.failure}>
          <FailureNote error={list.error} retry={() => void list.refetch()} />
        </div>
      )}
      {list.isSuccess && papers.length === 0 && (
        <Empty title={t("wallet.papers.empty.title")} text={t("wallet.papers.empty.text")} />
      )}
      {papers.length > 0 && (
        <div className={table.scroll}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t("wallet.columns.what")}</th>
                <th scope="col" className={table.wideOnly}>
                  {t("wallet.papers.issued")}
                </th>
                <th scope="col" className={table.end}>
                  {t("wallet.columns.amount")}
                </th>
                <th scope="col" className={table.end}>
                  {t("wallet.papers.file")}
                </th>
              </tr>
            </thead>
            <tbody>
              {papers.map((paper) => (
                <tr key={paper.id}>
                  <td>
                    <What paper={paper} />
                  </td>
                  <td className={`dim ${table.wideOnly}`}>
                    <When at={paper.issued_at} />
                  </td>
                  <td className={`${table.end} num`}>{format.money(paper.total)}</td>
                  <td className={table.end}>
                    <a
                      href={`/api/v1/portal/wallet/papers/${paper.id}/pdf`}
                      download
                      className="link"
                      // What is read begins with what is seen.
                      aria-label={`${t("wallet.papers.pdf")}: ${t("wallet.papers.download", { number: paper.number })}`}
                    >
                      <DownloadIcon size={14} /> {t("wallet.papers.pdf")}
                    </a>
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

/** Its kind and number; of a statement, the month. */
function What({ paper }: { paper: Paper }) {
  const { t } = useTranslation();
  const { locale } = useFormat();
  const month = paper.period_start
    ? new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" }).format(
        new Date(paper.period_start),
      )
    : undefined;
  return (
    <>
      {month ? t("wallet.papers.statement", { month }) : t("wallet.papers.receipt")}{" "}
      <span className="num ltr dim">{paper.number}</span>
    </>
  );
}
