import { Button, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { numbersQuery } from "~/features/numbers/queries";
import { useTranslation } from "~/i18n";
import { formatPhone } from "~/shared/Phone";
import { SearchField } from "~/shared/SearchField";
import { type Filters, isFiltered, KINDS } from "./filters";
import css from "./Wallet.module.css";

const route = getRouteApi("/inside/wallet");

/** The filters of the transactions; each is in the URL. */
export function TransactionFilters({ filters }: { filters: Filters }) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const { data: numbers = [] } = useQuery(numbersQuery);
  const set = (change: Filters) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const clear = () =>
    set({ kind: undefined, number: undefined, since: undefined, until: undefined, q: undefined });
  return (
    <search className={css.filters} aria-label={t("sms.filters.label")}>
      <SearchField
        className={css.search}
        label={t("wallet.filters.search")}
        value={filters.q ?? ""}
        onChange={(q) => set({ q: q || undefined })}
      />
      <Select
        className={css.kind}
        size="xs"
        aria-label={t("wallet.filters.kind")}
        value={filters.kind ?? ""}
        onChange={(value) => set({ kind: KINDS.find((kind) => kind === value) })}
        data={[
          { value: "", label: t("wallet.filters.anyKind") },
          ...KINDS.map((kind) => ({ value: kind, label: t(`wallet.kind.${kind}`) })),
        ]}
      />
      <Select
        className={css.kind}
        size="xs"
        aria-label={t("sms.filters.number")}
        value={filters.number === undefined ? "" : String(filters.number)}
        onChange={(value) => set({ number: value ? Number(value) : undefined })}
        data={[
          { value: "", label: t("sms.filters.allNumbers") },
          ...numbers.map(({ id, number }) => ({ value: String(id), label: formatPhone(number) })),
        ]}
        classNames={{ input: "num" }}
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
      {isFiltered(filters) && (
        <Button size="xs" variant="subtle" color="gray" onClick={clear}>
          {t("sms.filters.clear")}
        </Button>
      )}
    </search>
  );
}
