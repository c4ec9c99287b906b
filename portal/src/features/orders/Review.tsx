import { ActionIcon, Button, Checkbox } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useRef } from "react";
import { ApiFailure, api, idempotencyKey, take } from "~/api/client";
import type { Order } from "~/api/types";
import { numbersQuery } from "~/features/numbers/queries";
import { walletQuery } from "~/features/wallet/queries";
import { fromMicros, toMicros } from "~/format/money";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { CloseIcon } from "~/shared/icons";
import { Phone } from "~/shared/Phone";
import table from "~/shared/Table.module.css";
import css from "./Order.module.css";
import type { Item } from "./OrderPage";
import { total } from "./total";

interface Props {
  items: readonly Item[];
  onChange: (items: readonly Item[]) => void;
  onBack: () => void;
  onOrdered: (order: Order) => void;
}

/** Step 3: what it costs, what the wallet holds, and payment. */
export function Review({ items, onChange, onBack, onOrdered }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const cache = useQueryClient();
  const wallet = useQuery(walletQuery);
  const basket = JSON.stringify(items.map(({ number, sms }) => [number.id, sms]));
  const key = useRef({ basket: "", value: "" });
  const pay = useMutation({
    mutationFn: () => {
      // The same basket tried again is the same order.
      if (key.current.basket !== basket) {
        key.current = { basket, value: idempotencyKey() };
      }
      return take(
        api.POST("/portal/orders", {
          headers: { "Idempotency-Key": key.current.value },
          body: { items: items.map(({ number, sms }) => ({ number_id: number.id, sms })) },
        }),
      );
    },
    onSuccess: async ({ order }) => {
      onOrdered(order);
      await Promise.all([
        cache.invalidateQueries({ queryKey: numbersQuery.queryKey }),
        cache.invalidateQueries({ queryKey: walletQuery.queryKey }),
        cache.invalidateQueries({ queryKey: ["transactions"] }),
        cache.invalidateQueries({ queryKey: ["available"] }),
      ]);
    },
    onError: () => {
      // Never the same key for another attempt after a refusal: its answer is kept.
      key.current = { basket: "", value: "" };
    },
  });
  const price = total(items);
  const balance = wallet.data?.balance;
  const left = balance && toMicros(balance.amount) - toMicros(price.amount);
  const short = left !== undefined && left < 0n;
  const taken = pay.error instanceof ApiFailure && pay.error.code === "conflict";
  return (
    <>
      <div className={table.scroll}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">{t("numbers.columns.number")}</th>
              <th scope="col">{t("numbers.sms")}</th>
              <th scope="col" className={table.end}>
                {t("order.monthly")}
              </th>
              <th scope="col">
                <span className="visually-hidden">{t("order.remove")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.number.id}>
                <td>
                  <Phone number={item.number.number} />
                </td>
                <td>
                  {item.number.sms_available && item.number.sms_price ? (
                    <Checkbox
                      label={
                        <span className={`${css.addon} num`}>
                          +{format.money(item.number.sms_price)}
                        </span>
                      }
                      aria-label={`${t("numbers.sms")} ${item.number.number}`}
                      checked={item.sms}
                      onChange={(event) => {
                        const sms = event.currentTarget.checked;
                        onChange(items.map((each) => (each === item ? { ...each, sms } : each)));
                      }}
                    />
                  ) : (
                    "–"
                  )}
                </td>
                <td className={`${table.end} num`}>{format.money(total([item]))}</td>
                <td className={table.end}>
                  <ActionIcon
                    aria-label={`${t("order.remove")} ${item.number.number}`}
                    onClick={() => {
                      const rest = items.filter((each) => each !== item);
                      onChange(rest);
                      if (rest.length === 0) {
                        onBack();
                      }
                    }}
                  >
                    <CloseIcon />
                  </ActionIcon>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={css.step}>
        <dl className={css.bill}>
          <div>
            <dt>{t("order.total")}</dt>
            <dd className="num">
              <strong>{format.money(price)}</strong>
            </dd>
          </div>
          {balance && (
            <div>
              <dt>{t("wallet.balance")}</dt>
              <dd className="num">{format.money(balance)}</dd>
            </div>
          )}
          {left !== undefined && !short && (
            <div>
              <dt>{t("order.after")}</dt>
              <dd className="num">{format.money({ ...price, amount: fromMicros(left) })}</dd>
            </div>
          )}
        </dl>
        <p className="dim">{t("order.terms")}</p>
        {short && (
          <div className={css.short} role="status">
            <span>{t("failure.insufficient_balance.title")}</span>{" "}
            <Link to="/wallet" search={{ add: true }} className="link">
              {t("wallet.topUp")}
            </Link>
          </div>
        )}
        {pay.error !== null && <FailureNote error={pay.error} />}
        {taken && <p>{t("order.taken")}</p>}
        <div className={css.actions}>
          <Button variant="default" onClick={onBack}>
            {t("common.back")}
          </Button>
          <Button loading={pay.isPending} disabled={short} onClick={() => pay.mutate()}>
            {t("order.pay", { price: format.money(price) })}
          </Button>
        </div>
      </div>
    </>
  );
}
