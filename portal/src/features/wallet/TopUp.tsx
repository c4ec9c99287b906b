import { Button, Checkbox, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import type { Wallet } from "~/api/types";
import { payableDecimals, sum } from "~/format/money";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { AmountInput } from "./AmountInput";
import { LEAST, MOST, parseAmount } from "./amount";
import { vatOn } from "./vat";
import css from "./Wallet.module.css";

const SUGGESTED = ["10.00", "20.00", "50.00", "100.00"];

interface Props {
  wallet: Wallet;
  opened: boolean;
  onClose: () => void;
}

/** Chooses an amount and goes on to the checkout. */
export function TopUp({ wallet, opened, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [typed, setTyped] = useState("20.00");
  const [keepCard, setKeepCard] = useState(false);
  const key = useRef({ of: "", value: "" });
  const { currency } = wallet.balance;
  const decimals = payableDecimals(currency);
  const amount = parseAmount(typed, decimals);
  const outOfRange = t("wallet.invalidAmount", {
    least: format.money({ amount: LEAST, currency }),
    most: format.money({ amount: MOST, currency }),
    count: decimals,
  });
  const topUp = useMutation({
    mutationFn: (value: string) => {
      const body = { amount: value, save_card: keepCard };
      // The same request tried again is the same top-up.
      const of = JSON.stringify(body);
      if (key.current.of !== of) {
        key.current = { of, value: idempotencyKey() };
      }
      return take(
        api.POST("/portal/wallet/topups", {
          headers: { "Idempotency-Key": key.current.value },
          body,
        }),
      );
    },
    onSuccess: ({ checkout_url }) => window.location.assign(checkout_url),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (amount !== null) {
      topUp.mutate(amount);
    }
  };
  const refused = fieldError(topUp.error, "amount");
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("wallet.topUp")}
      size="sm"
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form className={css.form} onSubmit={submit}>
        <div className={css.amounts}>
          {SUGGESTED.map((each) => (
            <Button
              key={each}
              size="xs"
              variant={amount === each ? "light" : "default"}
              aria-pressed={amount === each}
              onClick={() => setTyped(each)}
            >
              {format.money({ amount: each, currency })}
            </Button>
          ))}
        </div>
        <AmountInput
          currency={currency}
          label={t("wallet.amount")}
          data-autofocus
          value={typed}
          onChange={setTyped}
          error={refused ?? (amount === null && typed !== "" ? outOfRange : undefined)}
        />
        {amount !== null && <Due net={amount} rate={wallet.vat_rate} currency={currency} />}
        <Checkbox
          label={t("wallet.keepCard")}
          description={t("wallet.keepCardHelp")}
          checked={keepCard}
          onChange={(event) => setKeepCard(event.currentTarget.checked)}
        />
        {topUp.error !== null && !refused && <FailureNote error={topUp.error} />}
        <Button
          type="submit"
          loading={topUp.isPending || topUp.isSuccess}
          disabled={amount === null}
        >
          {t("wallet.checkout")}
        </Button>
      </form>
    </Modal>
  );
}

/** What is paid, where that is more than what is credited. */
function Due({ net, rate, currency }: { net: string; rate: string; currency: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const credited = { amount: net, currency };
  const vat = vatOn(credited, rate);
  if (vat.amount === "0.00") {
    return null;
  }
  return (
    <dl className={css.due}>
      <dt>
        {t("wallet.vat", {
          rate: format.number(Number(rate) / 100, {
            style: "percent",
            maximumFractionDigits: 2,
          }),
        })}
      </dt>
      <dd className="num">{format.money(vat)}</dd>
      <dt>{t("wallet.gross")}</dt>
      <dd className="num">{format.money(sum([credited, vat]))}</dd>
    </dl>
  );
}
