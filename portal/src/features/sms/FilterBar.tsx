import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { numbersQuery } from "~/features/numbers/queries";
import { useTranslation } from "~/i18n";
import { formatPhone } from "~/shared/Phone";
import { SearchField } from "~/shared/SearchField";
import css from "./FilterBar.module.css";
import { type Filters, isFiltered, STATUSES } from "./filters";

const route = getRouteApi("/inside/sms");

interface Props {
  filters: Filters;
  /** Conversations are narrowed by number alone. */
  numberOnly: boolean;
}

/** The filters of the list; each is in the URL. */
export function FilterBar({ filters, numberOnly }: Props) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const { data: numbers = [] } = useQuery(numbersQuery);
  const [more, setMore] = useState(false);
  const set = (change: Partial<Filters>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const clear = () =>
    set({
      number: undefined,
      direction: undefined,
      status: undefined,
      since: undefined,
      until: undefined,
      q: undefined,
    });
  return (
    <search className={css.filters} aria-label={t("sms.filters.label")}>
      {!numberOnly && (
        <SearchField
          className={css.search}
          label={t("sms.filters.search")}
          value={filters.q ?? ""}
          onChange={(q) => set({ q: q || undefined })}
        />
      )}
      <Select
        className={css.number}
        aria-label={t("sms.filters.number")}
        value={filters.number === undefined ? "" : String(filters.number)}
        onChange={(value) => set({ number: value ? Number(value) : undefined })}
        data={[
          { value: "", label: t("sms.filters.allNumbers") },
          ...numbers.map(({ id, number }) => ({ value: String(id), label: formatPhone(number) })),
        ]}
        size="xs"
        classNames={{ input: "num" }}
      />
      {!numberOnly && (
        <>
          <Button
            className={css.moreButton}
            size="xs"
            variant="default"
            aria-expanded={more}
            onClick={() => setMore((open) => !open)}
          >
            {t("sms.filters.more")}
          </Button>
          <div className={css.more} data-open={more || undefined}>
            <SegmentedControl
              size="xs"
              aria-label={t("sms.filters.direction")}
              value={filters.direction ?? ""}
              onChange={(value) =>
                set({ direction: value === "" ? undefined : (value as Filters["direction"]) })
              }
              data={[
                { value: "", label: t("sms.filters.both") },
                { value: "outbound", label: t("direction.outbound") },
                { value: "inbound", label: t("direction.inbound") },
              ]}
            />
            <Select
              className={css.status}
              aria-label={t("sms.filters.status")}
              value={filters.status ?? ""}
              onChange={(value) => set({ status: STATUSES.find((status) => status === value) })}
              data={[
                { value: "", label: t("sms.filters.anyStatus") },
                ...STATUSES.map((status) => ({ value: status, label: t(`status.${status}`) })),
              ]}
              size="xs"
            />
            <div className={css.dates}>
              <TextInput
                type="date"
                size="xs"
                aria-label={t("sms.filters.since")}
                title={t("sms.filters.since")}
                value={filters.since ?? ""}
                max={filters.until}
                onChange={(event) => set({ since: event.currentTarget.value || undefined })}
              />
              <span aria-hidden="true">–</span>
              <TextInput
                type="date"
                size="xs"
                aria-label={t("sms.filters.until")}
                title={t("sms.filters.until")}
                value={filters.until ?? ""}
                min={filters.since}
                onChange={(event) => set({ until: event.currentTarget.value || undefined })}
              />
            </div>
          </div>
        </>
      )}
      {isFiltered(filters) && (
        <Button size="xs" variant="subtle" color="gray" onClick={clear}>
          {t("sms.filters.clear")}
        </Button>
      )}
    </search>
  );
}
