import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Charge, UpcomingCharges } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { Phone } from "~/shared/Phone";
import { RowSkeleton } from "~/shared/RowSkeleton";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import { upcomingQuery } from "./queries";
import css from "./Wallet.module.css";

/** Lines that are shown before all are asked for, where there are more than a few. */
const FIRST = 4;
const FEW = 6;

interface Props {
  /** Absent where nobody takes payments. */
  onTopUp: (() => void) | undefined;
}

/** What the next 31 days take from the wallet, and whether it holds that. */
export function Upcoming({ onTopUp }: Props) {
  const { t } = useTranslation();
  // Messages change the balance without news of it here: what is kept may be older than that.
  const upcoming = useQuery({ ...upcomingQuery, refetchOnMount: "always" });
  return (
    <section aria-label={t("wallet.upcoming.title")} className={css.section}>
      <div className={css.head}>
        <h2 className={css.subtitle}>{t("wallet.upcoming.title")}</h2>
      </div>
      {upcoming.isPending && <RowSkeleton rows={2} />}
      {upcoming.isError && upcoming.data === undefined && (
        <div className={css.failure}>
          <FailureNote error={upcoming.error} retry={() => void upcoming.refetch()} />
        </div>
      )}
      {upcoming.data && upcoming.data.count === 0 && (
        <p className={`${css.note} dim`}>{t("wallet.upcoming.empty")}</p>
      )}
      {upcoming.data && upcoming.data.count > 0 && (
        <>
          <Short upcoming={upcoming.data} onTopUp={onTopUp} />
          <Charges upcoming={upcoming.data} />
        </>
      )}
    </section>
  );
}

/** Where the money runs out, what happens then, and the way out. */
function Short({ upcoming, onTopUp }: Props & { upcoming: UpcomingCharges }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { charges, covered_until: until } = upcoming;
  if (until == null) {
    return null;
  }
  const owed = charges.some((charge) => charge.owed && charge.due_at === until);
  const date = format.time(until, "date");
  return (
    <div className={css.short} role="alert">
      <p>
        <strong>
          {owed ? t("wallet.upcoming.owed", { date }) : t("wallet.upcoming.short", { date })}
        </strong>{" "}
        {t("wallet.upcoming.then")}
        {onTopUp === undefined && ` ${t("start.pay.closed")}`}
      </p>
      {onTopUp && (
        <Button size="xs" onClick={onTopUp}>
          {t("wallet.topUp")}
        </Button>
      )}
    </div>
  );
}

function Charges({ upcoming }: { upcoming: UpcomingCharges }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [all, setAll] = useState(false);
  const { charges, count, total } = upcoming;
  const rows = all || charges.length <= FEW ? charges : charges.slice(0, FIRST);
  const hidden = charges.length - rows.length;
  const unlisted = count - charges.length;
  return (
    <>
      <div className={table.scroll}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t("wallet.upcoming.due")}</th>
              <th scope="col">{t("numbers.columns.number")}</th>
              <th scope="col" className={table.wideOnly}>
                {t("wallet.columns.what")}
              </th>
              <th scope="col" className={table.end}>
                {t("wallet.columns.amount")}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((charge) => (
              <Row key={`${charge.number_id} ${charge.kind} ${charge.due_at}`} charge={charge} />
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={2}>
                {t("wallet.upcoming.total")}
              </th>
              <td className={table.wideOnly} />
              <td className={`${table.end} num`}>
                <strong>{format.money(total)}</strong>
              </td>
            </tr>
          </tfoot>
        </table>
      </div>
      {hidden > 0 && (
        <div className={table.more}>
          <Button variant="default" size="xs" onClick={() => setAll(true)}>
            {t("wallet.upcoming.all", { n: format.number(charges.length) })}
          </Button>
        </div>
      )}
      {hidden === 0 && unlisted > 0 && (
        <p className={`${css.note} dim`}>
          {t("wallet.upcoming.more", { count: unlisted, n: format.number(unlisted) })}
        </p>
      )}
    </>
  );
}

function Row({ charge }: { charge: Charge }) {
  const { t } = useTranslation();
  const format = useFormat();
  const kind = t(`wallet.kind.${charge.kind}`);
  return (
    <tr>
      <td className="dim">
        <When at={charge.due_at} style="date" />
        {charge.owed && <span className={css.late}>{t("numbers.renewal.owing")}</span>}
      </td>
      <td>
        <Link to="/numbers" search={{ configure: charge.number_id }} className="link">
          <Phone number={charge.number} />
        </Link>
        <span className={`${css.under} dim`}>{kind}</span>
      </td>
      <td className={table.wideOnly}>{kind}</td>
      <td className={`${table.end} num`}>{format.money(charge.amount)}</td>
    </tr>
  );
}
