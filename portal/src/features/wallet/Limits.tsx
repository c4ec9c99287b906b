import { Button } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Wallet } from "~/api/types";
import { Section } from "~/features/settings/Section";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { fieldError } from "~/shared/failures";
import { AmountInput } from "./AmountInput";
import { plainAmount } from "./amount";
import { useWalletSettings } from "./useWallet";
import css from "./Wallet.module.css";

type Setting = "daily_spend_cap" | "low_balance_below";

/** The daily cap, and the balance at which to be told. */
export function Limits({ wallet }: { wallet: Wallet }) {
  const { t } = useTranslation();
  const format = useFormat();
  const today =
    wallet.daily_spend_cap &&
    t("wallet.cap.today", {
      spent: format.money(wallet.spent_today),
    });
  return (
    <>
      <Section title={t("wallet.cap.title")}>
        {today && <p className="dim">{today}</p>}
        <Limit
          wallet={wallet}
          setting="daily_spend_cap"
          label={t("wallet.cap.label")}
          help={t("wallet.cap.help")}
        />
      </Section>
      <Section title={t("wallet.low.title")}>
        <Limit
          wallet={wallet}
          setting="low_balance_below"
          label={t("wallet.low.label")}
          help={t("wallet.low.help")}
        />
      </Section>
    </>
  );
}

interface LimitProps {
  wallet: Wallet;
  setting: Setting;
  label: string;
  help: string;
}

/** One amount that can be left empty. */
function Limit({ wallet, setting, label, help }: LimitProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(wallet[setting]?.amount ?? "");
  const settings = useWalletSettings();
  const amount = plainAmount(typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    settings.mutate({ [setting]: typed.trim() === "" ? null : amount });
  };
  const wrong = typed.trim() !== "" && amount === null ? t("wallet.notAnAmount") : undefined;
  const refused = fieldError(settings.error, setting);
  return (
    <form className={css.form} onSubmit={submit}>
      <AmountInput
        currency={wallet.balance.currency}
        label={label}
        description={help}
        placeholder={t("wallet.none")}
        value={typed}
        onChange={(value) => {
          setTyped(value);
          settings.reset();
        }}
        error={refused ?? wrong}
      />
      {settings.error !== null && !refused && <FailureNote error={settings.error} />}
      <Button
        type="submit"
        variant="default"
        className={css.submit}
        loading={settings.isPending}
        disabled={wrong !== undefined}
      >
        {t("common.save")}
      </Button>
      {settings.isSuccess && (
        <p role="status" className={css.saved}>
          {t("common.saved")}
        </p>
      )}
    </form>
  );
}
