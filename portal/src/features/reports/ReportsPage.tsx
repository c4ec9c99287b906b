import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { Report, ReportRow } from "~/api/types";
import { formatTime } from "~/format/times";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { DownloadIcon } from "~/shared/icons";
import { Page } from "~/shared/Page";
import { Phone } from "~/shared/Phone";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { Dot, messageTone } from "~/shared/Status";
import table from "~/shared/Table.module.css";
import { DayChart } from "./DayChart";
import { days, GROUPS, type Group, PERIODS, type ReportSearch } from "./period";
import { reportQuery } from "./queries";
import css from "./Reports.module.css";

const route = getRouteApi("/inside/reports");

/** What was sent, received and spent in a period. */
export function ReportsPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const { group = "day" } = search;
  const [from, to] = days(search);
  const report = useQuery(reportQuery(from, to, group));
  const { data } = report;
  return (
    <Page
      title={t("nav.reports")}
      lead={t("reports.lead")}
      actions={
        data &&
        data.rows.length > 0 && (
          <Button
            component="a"
            href={`/api/v1/portal/reports.csv?${new URLSearchParams({ from, to, group })}`}
            download
            variant="default"
            leftSection={<DownloadIcon size={14} />}
          >
            {t("wallet.export")}
          </Button>
        )
      }
    >
      <Controls search={search} from={from} to={to} group={group} />
      {report.isPending && <RowSkeleton />}
      {report.isError && (
        <div className={css.failure}>
          <FailureNote error={report.error} retry={() => void report.refetch()} />
        </div>
      )}
      {report.isSuccess && data?.rows.length === 0 && (
        <Empty title={t("reports.empty.title")} text={t("reports.empty.text")} />
      )}
      {report.isSuccess && data && data.rows.length > 0 && (
        <>
          <DayChart from={from} to={to} />
          <Lines report={data} group={group} old={report.isPlaceholderData} />
        </>
      )}
    </Page>
  );
}

interface ControlsProps {
  search: ReportSearch;
  from: string;
  to: string;
  group: Group;
}

function Controls({ search, from, to, group }: ControlsProps) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const set = (change: ReportSearch) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const day = (label: string, value: string, change: (day: string | undefined) => ReportSearch) => (
    <TextInput
      type="date"
      size="xs"
      aria-label={label}
      value={value}
      onChange={(event) => set(change(event.currentTarget.value || undefined))}
    />
  );
  return (
    <search className={css.filters} aria-label={t("sms.filters.label")}>
      <Select
        className={css.period}
        size="xs"
        aria-label={t("reports.period.label")}
        value={search.period ?? "month"}
        onChange={(value) => {
          const period = PERIODS.find((each) => each === value);
          // One's own begins with the days that are shown.
          set(
            period === "custom" ? { period, from, to } : { period, from: undefined, to: undefined },
          );
        }}
        data={(["month", ...PERIODS] as const).map((period) => ({
          value: period,
          label: t(`reports.period.${period}`),
        }))}
      />
      {search.period === "custom" && (
        <div className={css.dates}>
          {day(t("sms.filters.since"), from, (from) => ({ from }))}
          <span aria-hidden="true">–</span>
          {day(t("sms.filters.until"), to, (to) => ({ to }))}
        </div>
      )}
      <SegmentedControl
        size="xs"
        aria-label={t("reports.group.label")}
        value={group}
        onChange={(value) =>
          set({ group: GROUPS.find((each) => each === value && each !== "day") })
        }
        data={GROUPS.map((each) => ({ value: each, label: t(`reports.group.${each}`) }))}
      />
    </search>
  );
}

const COUNTS = ["outbound", "inbound", "delivered", "failed", "segments"] as const;

const TITLES = {
  outbound: "reports.sent",
  inbound: "reports.received",
  delivered: "reports.delivered",
  failed: "reports.failed",
  segments: "reports.segments",
} as const;

/** Hidden on a phone: the table scrolls there only where it must. */
const wide = (count: (typeof COUNTS)[number]) =>
  `${table.end} num ${/inbound|segments/.test(count) ? table.wideOnly : ""}`;

function Lines({ report, group, old }: { report: Report; group: Group; old: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { totals } = report;
  const sums = ({ messages, spent, ...counts }: Report["totals"]) =>
    group === "status" ? (
      <td className={`${table.end} num`}>{format.number(messages)}</td>
    ) : (
      <>
        {COUNTS.map((count) => (
          <td key={count} className={wide(count)}>
            {format.number(counts[count] ?? 0)}
          </td>
        ))}
        <td className={`${table.end} num`}>{spent && format.money(spent)}</td>
      </>
    );
  return (
    <div className={table.scroll}>
      <table className={`${table.table} ${css.table}`} data-old={old || undefined}>
        <thead>
          <tr>
            <th scope="col">{t(`reports.group.${group}`)}</th>
            {group === "status" ? (
              <th scope="col" className={table.end}>
                {t("reports.messages")}
              </th>
            ) : (
              <>
                {COUNTS.map((count) => (
                  <th key={count} scope="col" className={wide(count)}>
                    {t(TITLES[count])}
                  </th>
                ))}
                <th scope="col" className={table.end}>
                  {t("reports.spent")}
                </th>
              </>
            )}
          </tr>
        </thead>
        <tbody>
          {report.rows.map((row) => (
            <tr key={row.day ?? row.number_id ?? row.status ?? row.country ?? ""}>
              <td>
                <Of row={row} />
              </td>
              {sums(row)}
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("reports.total")}</th>
            {sums(totals)}
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** What a line is about. */
function Of({ row }: { row: ReportRow }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (row.day) {
    return formatTime(row.day, "date", format.locale, "UTC");
  }
  if (row.number) {
    return <Phone number={row.number} />;
  }
  if (row.status === "pending") {
    return <Dot tone="wait" word={t("reports.pending")} />;
  }
  if (row.status) {
    return <Dot tone={messageTone(row.status)} word={t(`status.${row.status}`)} />;
  }
  return row.country ? format.country(row.country) : t("reports.unknown");
}
