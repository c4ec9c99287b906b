import { Button, Switch } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Wallet } from "~/api/types";
import { Section } from "~/features/settings/Section";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { AmountInput } from "./AmountInput";
import { plainAmount, roundAmount } from "./amount";
import { useForgetCard, useWalletSettings } from "./useWallet";
import css from "./Wallet.module.css";

/** The saved card, and when it is charged by itself. */
export function AutoRecharge({ wallet, onTopUp }: { wallet: Wallet; onTopUp: () => void }) {
  const { t } = useTranslation();
  const forget = useForgetCard();
  const { card } = wallet;
  return (
    <Section title={t("wallet.auto.title")}>
      {card == null ? (
        <>
          <p className="dim">{t("wallet.auto.noCard")}</p>
          <Button variant="default" onClick={onTopUp}>
            {t("wallet.topUp")}
          </Button>
        </>
      ) : (
        <>
          <div className={css.card}>
            <p>
              <span className={css.brand}>{card.brand}</span>{" "}
              <bdi className="num">{`•••• ${card.last4}`}</bdi>{" "}
              <span className="dim num">
                {`${String(card.exp_month).padStart(2, "0")}/${card.exp_year}`}
              </span>
            </p>
            <Button
              variant="default"
              size="xs"
              loading={forget.isPending}
              onClick={() => forget.mutate()}
            >
              {t("wallet.auto.forget")}
            </Button>
          </div>
          {forget.error !== null && <FailureNote error={forget.error} />}
          <Rule wallet={wallet} />
        </>
      )}
    </Section>
  );
}

function Rule({ wallet }: { wallet: Wallet }) {
  const { t } = useTranslation();
  const format = useFormat();
  const known = wallet.auto_recharge;
  const [enabled, setEnabled] = useState(known?.enabled ?? false);
  const [below, setBelow] = useState(known?.below.amount ?? roundAmount(wallet.topup, 10));
  const [amount, setAmount] = useState(known?.amount.amount ?? roundAmount(wallet.topup, 20));
  const [limit, setLimit] = useState(known?.daily_limit.amount ?? roundAmount(wallet.topup, 100));
  const settings = useWalletSettings();
  const { currency } = wallet.balance;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    settings.mutate({
      auto_recharge: {
        enabled,
        below: plainAmount(below),
        amount: plainAmount(amount),
        daily_limit: plainAmount(limit),
      },
    });
  };
  const fields = [
    ["below", t("wallet.auto.below"), below, setBelow],
    ["amount", t("wallet.auto.amount"), amount, setAmount],
    ["daily_limit", t("wallet.auto.limit"), limit, setLimit],
  ] as const;
  const refused = fields.some(
    ([name]) => fieldError(settings.error, `auto_recharge.${name}`) !== undefined,
  );
  const incomplete = fields.some(([, , typed]) => plainAmount(typed) === null);
  return (
    <form className={css.form} onSubmit={submit}>
      {known?.paused_reason != null && (
        <p className={css.paused} role="alert">
          {t("wallet.auto.paused", { reason: known.paused_reason })}
        </p>
      )}
      <Switch
        label={t("wallet.auto.enabled")}
        checked={enabled}
        onChange={(event) => {
          setEnabled(event.currentTarget.checked);
          settings.reset();
        }}
      />
      {fields.map(([name, label, typed, set]) => (
        <AmountInput
          key={name}
          currency={currency}
          label={label}
          value={typed}
          onChange={(value) => {
            set(value);
            settings.reset();
          }}
          error={
            fieldError(settings.error, `auto_recharge.${name}`) ??
            (plainAmount(typed) === null ? t("wallet.notAnAmount") : undefined)
          }
        />
      ))}
      {known?.enabled && (
        <p className="dim">
          {t("wallet.auto.today", { charged: format.money(known.charged_today) })}
        </p>
      )}
      {settings.error !== null && !refused && <FailureNote error={settings.error} />}
      <Button
        type="submit"
        variant="default"
        className={css.submit}
        loading={settings.isPending}
        disabled={incomplete}
      >
        {known?.paused_reason != null && enabled ? t("wallet.auto.resume") : t("common.save")}
      </Button>
      {settings.isSuccess && (
        <p role="status" className={css.saved}>
          {t("common.saved")}
        </p>
      )}
    </form>
  );
}
