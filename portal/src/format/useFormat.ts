import { useMemo } from "react";
import type { Money } from "~/api/types";
import { formatLocale, useTranslation } from "~/i18n";
import { useTimeZone } from "~/shared/preferences";
import { currencySymbol, formatMoney } from "./money";
import { formatNumber } from "./numbers";
import { formatOffset, formatTime, type TimeStyle } from "./times";

/** The formatters, bound to the user's language and time zone. */
export function useFormat() {
  const { language } = useTranslation();
  const timeZone = useTimeZone();
  return useMemo(() => {
    const locale = formatLocale(language);
    const regions = new Intl.DisplayNames([locale], { type: "region" });
    return {
      locale,
      timeZone,
      money: (money: Money, sign?: "auto" | "exceptZero") => formatMoney(money, locale, sign),
      symbol: (currency: string) => currencySymbol(currency, locale),
      number: (value: number, options?: Intl.NumberFormatOptions) =>
        formatNumber(value, locale, options),
      percent: (rate: number) =>
        formatNumber(rate, locale, { style: "percent", maximumFractionDigits: 1 }),
      time: (at: string, style: TimeStyle) => formatTime(at, style, locale, timeZone),
      offset: (from: string, to: string) => formatOffset(from, to, locale),
      country: (code: string) => regions.of(code) ?? code,
      list: (items: readonly string[]) =>
        new Intl.ListFormat(locale, { style: "long", type: "conjunction" }).format(items),
    };
  }, [language, timeZone]);
}
