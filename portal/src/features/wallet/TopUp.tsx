import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, idempotencyKey, take } from "~/api/client";
import { useFormat } from "~/format/useFormat";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { parseAmount } from "./amount";
import css from "./Wallet.module.css";

const SUGGESTED = ["10.00", "20.00", "50.00", "100.00"];

interface Props {
  opened: boolean;
  onClose: () => void;
}

/** Chooses an amount and goes on to the checkout. */
export function TopUp({ opened, onClose }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const [typed, setTyped] = useState("20.00");
  const key = useRef({ amount: "", value: "" });
  const amount = parseAmount(typed);
  const topUp = useMutation({
    mutationFn: (value: string) => {
      // The same amount tried again is the same top-up.
      if (key.current.amount !== value) {
        key.current = { amount: value, value: idempotencyKey() };
      }
      return take(
        api.POST("/portal/wallet/topups", {
          headers: { "Idempotency-Key": key.current.value },
          body: { amount: value },
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
              {format.money({ amount: each, currency: "EUR" })}
            </Button>
          ))}
        </div>
        <TextInput
          label={t("wallet.amount")}
          inputMode="decimal"
          dir="ltr"
          data-autofocus
          leftSection="€"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={
            refused ?? (amount === null && typed !== "" ? t("wallet.invalidAmount") : undefined)
          }
          classNames={{ input: "num" }}
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
