import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useMemo } from "react";
import type { MyNumber } from "~/api/types";
import { numbersQuery } from "~/features/numbers/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { RowSkeleton } from "~/shared/RowSkeleton";
import css from "./Order.module.css";
import { coverageQuery, NUMBER_TYPES } from "./queries";

const route = getRouteApi("/inside/order");

/** Where the next number most likely is: where the last one is, or where the browser lives. */
function home(numbers: readonly MyNumber[]): string | undefined {
  return numbers[0]?.country ?? new Intl.Locale(navigator.language).maximize().region;
}

/** Step 1: where the number is, of what kind, and digits it should have. */
export function ChoosePlace({ onNext }: { onNext: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const coverage = useQuery(coverageQuery);
  const { data: numbers = [] } = useQuery(numbersQuery);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const countries = useMemo(
    () =>
      (coverage.data ?? [])
        .map((each) => ({ ...each, name: format.country(each.country) }))
        .toSorted((a, b) => a.name.localeCompare(b.name, format.locale)),
    [coverage.data, format],
  );
  if (coverage.isPending) {
    return <RowSkeleton rows={3} />;
  }
  if (coverage.isError) {
    return (
      <div className={css.step}>
        <FailureNote error={coverage.error} retry={() => void coverage.refetch()} />
      </div>
    );
  }
  const country = countries.find((each) => each.country === (search.country ?? home(numbers)));
  const types = NUMBER_TYPES.filter((type) => country === undefined || country[type]);
  const type = types.find((each) => each === search.type) ?? types[0];
  const offer = type && country?.[type];
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (country !== undefined && type !== undefined) {
      set({ country: country.country, type });
      onNext();
    }
  };
  return (
    <form className={css.step} onSubmit={submit}>
      <Select
        label={t("order.country")}
        placeholder={t("order.countryHint")}
        searchable
        nothingFoundMessage={t("order.noCountry")}
        data-autofocus
        value={country?.country ?? null}
        onChange={(value) => set({ country: value ?? undefined })}
        data={countries.map((each) => ({
          value: each.country,
          // The isolates keep the plus before the digits.
          label: `${each.name} \u2066(+${each.calling_code})\u2069`,
        }))}
      />
      <div>
        <p className={css.label} id="order-type">
          {t("order.type")}
        </p>
        <SegmentedControl
          aria-labelledby="order-type"
          value={type ?? ""}
          onChange={(value) => set({ type: value })}
          data={types.map((each) => ({ value: each, label: t(`numbers.type.${each}`) }))}
          disabled={country === undefined}
        />
        {offer && (
          <p className={css.offer}>
            {t("order.offer.number", { price: format.money(offer.number_price) })}
            {" · "}
            {offer.sms && offer.sms_price
              ? t("order.offer.sms", { price: format.money(offer.sms_price) })
              : t("order.offer.noSms")}
          </p>
        )}
      </div>
      <TextInput
        label={t("order.contains")}
        description={t("order.containsHint")}
        inputMode="numeric"
        dir="ltr"
        maxLength={10}
        value={search.contains ?? ""}
        onChange={(event) =>
          set({ contains: event.currentTarget.value.replace(/\D/g, "") || undefined })
        }
        classNames={{ input: "num" }}
      />
      <div className={css.actions}>
        <Button type="submit" disabled={country === undefined}>
          {t("order.next")}
        </Button>
      </div>
    </form>
  );
}
