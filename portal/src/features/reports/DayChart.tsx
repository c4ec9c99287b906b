import { useQuery } from "@tanstack/react-query";
import { formatTime, nextDay } from "~/format/times";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { reportQuery } from "./queries";
import css from "./Reports.module.css";

interface Props {
  from: string;
  to: string;
}

/** A bar for each day; the table by day says the same in figures. */
export function DayChart({ from, to }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { data, isPlaceholderData } = useQuery(reportQuery(from, to, "day"));
  const counts = new Map(data?.rows.map(({ day, messages }) => [day, messages]));
  const most = Math.max(...counts.values());
  if (counts.size === 0 || isPlaceholderData) {
    return null;
  }
  const days: string[] = [];
  for (let day = from; day <= to; day = nextDay(day)) {
    days.push(day);
  }
  const date = (day: string) => formatTime(day, "date", format.locale, "UTC");
  return (
    <figure className={css.chart}>
      <figcaption className="dim">{t("reports.chart", { most: format.number(most) })}</figcaption>
      <svg viewBox={`0 0 ${days.length} 100`} preserveAspectRatio="none" aria-hidden="true">
        {days.map((day, index) => {
          const height = ((counts.get(day) ?? 0) / most) * 100;
          return (
            <rect key={day} x={index + 0.1} y={100 - height} width={0.8} height={height}>
              <title>{`${date(day)}: ${format.number(counts.get(day) ?? 0)}`}</title>
            </rect>
          );
        })}
      </svg>
      <p className={`${css.ends} dim`}>
        <span>{date(from)}</span>
        <span>{date(to)}</span>
      </p>
    </figure>
  );
}
