import { Button, Checkbox } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { AvailableNumber } from "~/api/types";
import { SmsBadge } from "~/features/numbers/SmsBadge";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { MoreButton } from "~/shared/MoreButton";
import { Phone } from "~/shared/Phone";
import { RowSkeleton } from "~/shared/RowSkeleton";
import table from "~/shared/Table.module.css";
import css from "./Order.module.css";
import type { Item } from "./OrderPage";
import { availableQuery, NUMBER_TYPES } from "./queries";
import { total } from "./total";

const route = getRouteApi("/inside/order");

interface Props {
  items: readonly Item[];
  onChange: (items: readonly Item[]) => void;
  onBack: () => void;
  onNext: () => void;
}

/** Step 2: which numbers, and on which of them SMS. */
export function ChooseNumbers({ items, onChange, onBack, onNext }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const search = route.useSearch();
  const list = useInfiniteQuery(
    availableQuery({
      country: search.country,
      type: NUMBER_TYPES.find((type) => type === search.type),
      contains: search.contains,
    }),
  );
  const numbers = list.data?.pages.flatMap((page) => page.numbers) ?? [];
  const toggle = (number: AvailableNumber) =>
    onChange(
      items.some((item) => item.number.id === number.id)
        ? items.filter((item) => item.number.id !== number.id)
        : [...items, { number, sms: number.sms_available }],
    );
  const withSms = (number: AvailableNumber, sms: boolean) =>
    onChange(
      items.some((item) => item.number.id === number.id)
        ? items.map((item) => (item.number.id === number.id ? { ...item, sms } : item))
        : [...items, { number, sms }],
    );
  return (
    <>
      {list.isPending && <RowSkeleton rows={6} />}
      {list.isError && numbers.length === 0 && (
        <div className={css.step}>
          <FailureNote error={list.error} retry={() => void list.refetch()} />
        </div>
      )}
      {list.isSuccess && numbers.length === 0 && (
        <Empty
          title={t("order.none.title")}
          text={t("order.none.text")}
          action={
            <Button variant="default" onClick={onBack}>
              {t("order.none.action")}
            </Button>
          }
        />
      )}
      {numbers.length > 0 && (
        <div className={table.scroll}>
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">{t("numbers.columns.number")}</th>
                <th scope="col">{t("numbers.sms")}</th>
                <th scope="col" className={table.end}>
                  {t("order.monthly")}
                </th>
              </tr>
            </thead>
            <tbody>
              {numbers.map((number) => {
                const item = items.find((each) => each.number.id === number.id);
                return (
                  <tr key={number.id}>
                    <td>
                      <Checkbox
                        label={
                          <>
                            <Phone number={number.number} />{" "}
                            <span className={table.wideOnly}>
                              {number.sms_available && <SmsBadge />}
                            </span>
                          </>
                        }
                        checked={item !== undefined}
                        onChange={() => toggle(number)}
                      />
                    </td>
                    <td>
                      {number.sms_available && number.sms_price ? (
                        <Checkbox
                          label={
                            <span className={css.addon}>
                              <span className={css.word}>{t("numbers.sms")} </span>
                              <span className="num dim">+{format.money(number.sms_price)}</span>
                              <span className="visually-hidden"> {number.number}</span>
                            </span>
                          }
                          checked={item?.sms ?? false}
                          onChange={(event) => withSms(number, event.currentTarget.checked)}
                        />
                      ) : (
                        <span className="dim">{t("order.noSms")}</span>
                      )}
                    </td>
                    <td className={`${table.end} num`}>{format.money(number.number_price)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      <MoreButton list={list} className={table.more} />
      <div className={css.basket}>
        <Button variant="default" onClick={onBack}>
          {t("common.back")}
        </Button>
        <p className={css.sum} aria-live="polite">
          {t("order.chosen", { count: items.length, n: format.number(items.length) })}
          {items.length > 0 && (
            <>
              {" · "}
              <strong className="num">{format.money(total(items))}</strong>
            </>
          )}
        </p>
        <Button disabled={items.length === 0} onClick={onNext}>
          {t("order.next")}
        </Button>
      </div>
    </>
  );
}
