import { Button, Checkbox, Modal } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { api, idempotencyKey, take } from "~/api/client";
import type { Money, Wallet } from "~/api/types";
import { sum, times } from "~/format/money";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { AmountInput } from "./AmountInput";
import { parseAmount, roundAmount } from "./amount";
import { vatOn } from "./vat";
import css from "./Wallet.module.css";

/** Times the least amount: what is offered, and what is chosen at first. */
const SUGGESTED = [10, 20, 50, 100];
const FIRST = 20;

interface Props {
  wallet: Wallet;
  opened: boolean;
  onClose: () => void;
}

/** Chooses an amount and goes on to the checkout. */
export function TopUp({ wallet, opened, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const { topup: limits } = wallet;
  const { currency } = limits.minimum;
  const [typed, setTyped] = useState(() => roundAmount(limits, FIRST));
  const [keepCard, setKeepCard] = useState(false);
  const key = useRef({ of: "", value: "" });
  const amount = parseAmount(typed, limits);
  const outOfRange = t("wallet.invalidAmount", {
    least: format.money(limits.minimum),
    most: format.money(limits.maximum),
    count: limits.decimals,
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
          {SUGGESTED.map((count) => {
            const each = times(limits.minimum, count);
            const chosen = amount === each.amount;
            return (
              <Button
                key={count}
                size="xs"
                variant={chosen ? "light" : "default"}
                aria-pressed={chosen}
                onClick={() => setTyped(roundAmount(limits, count))}
              >
                {format.money(each)}
              </Button>
            );
          })}
        </div>
        <AmountInput
          currency={currency}
          decimals={limits.decimals}
          label={t("wallet.amount")}
          data-autofocus
          value={typed}
          onChange={setTyped}
          error={refused ?? (amount === null && typed !== "" ? outOfRange : undefined)}
        />
        {amount !== null && (
          <Due credited={{ amount, currency }} rate={wallet.vat_rate} decimals={limits.decimals} />
        )}
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
function Due({ credited, rate, decimals }: { credited: Money; rate: string; decimals: number }) {
  const { t } = useTranslation();
  const format = useFormat();
  const vat = vatOn(credited, rate, decimals);
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
