import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import css from "./Figures.module.css";
import { statsQuery } from "./queries";

/** Messages today, this month, and the 30-day delivery rate. */
export function Figures({ number }: { number?: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data } = useQuery(statsQuery(number));
  const rate = data?.delivery_rate_30d;
  return (
    <dl className={css.figures}>
      <Figure
        name={t("sms.figures.today")}
        value={data && format.number(data.today)}
        note={
          data &&
          t("sms.figures.split", {
            sent: format.number(data.sent_today),
            received: format.number(data.received_today),
          })
        }
      />
      <Figure name={t("sms.figures.month")} value={data && format.number(data.this_month)} />
      <Figure
        name={t("sms.figures.rate")}
        value={data && (rate === null || rate === undefined ? "–" : format.percent(rate))}
      />
    </dl>
  );
}

function Figure({ name, value, note }: { name: string; value?: string; note?: string }) {
  return (
    <div className={css.figure}>
      <dt>{name}</dt>
      <dd>
        <span className={css.value}>{value ?? <Skeleton height={20} width={48} mt={4} />}</span>
        {note !== undefined && <span className={css.note}>{note}</span>}
      </dd>
    </div>
  );
}
