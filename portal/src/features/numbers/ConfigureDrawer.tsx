import { Button, Drawer, Modal, Switch } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiFailure, api, take } from "~/api/client";
import type { MyNumber } from "~/api/types";
import { walletQuery } from "~/features/wallet/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { FailureNote } from "~/shared/FailureNote";
import { Phone } from "~/shared/Phone";
import { NumberStatusMark } from "~/shared/Status";
import { When } from "~/shared/When";
import css from "./ConfigureDrawer.module.css";
import { Fact } from "./Fact";
import { ProfileSection } from "./ProfileSection";
import { numbersQuery } from "./queries";
import { Renewals } from "./Renewals";
import { smsRenewal } from "./renewal";
import { useMonthPrice } from "./useMonthPrice";

interface Props {
  number: MyNumber | undefined;
  onClose: () => void;
}

/** The settings of one number. */
export function ConfigureDrawer({ number, onClose }: Props) {
  const { t } = useTranslation();
  return (
    <Drawer
      opened={number !== undefined}
      onClose={onClose}
      size={440}
      title={number && <Phone number={number.number} />}
      classNames={{ title: css.title }}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      {number && <Configure key={number.id} number={number} />}
    </Drawer>
  );
}

function Configure({ number }: { number: MyNumber }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={css.sections}>
      <dl className={css.facts}>
        <Fact name={t("numbers.columns.state")}>
          <NumberStatusMark status={number.status} />
        </Fact>
        <Fact name={t("numbers.columns.country")}>{format.country(number.country)}</Fact>
        <Fact name={t("numbers.columns.type")}>{t(`numbers.type.${number.type}`)}</Fact>
      </dl>
      <SmsSwitch number={number} />
      <Renewals number={number} />
      <ProfileSection number={number} />
    </div>
  );
}

/** Switches SMS on or off, after saying what that costs. */
function SmsSwitch({ number }: { number: MyNumber }) {
  const { t } = useTranslation();
  const format = useFormat();
  const cache = useQueryClient();
  const [asking, setAsking] = useState(false);
  const change = useMutation({
    mutationFn: (enable: boolean) => {
      const params = { path: { id: number.id } };
      return take(
        enable
          ? api.POST("/portal/numbers/{id}/sms/enable", { params })
          : api.POST("/portal/numbers/{id}/sms/disable", { params }),
      );
    },
    onSuccess: async ({ number: changed }) => {
      cache.setQueryData(numbersQuery.queryKey, (numbers) =>
        numbers?.map((each) => (each.id === changed.id ? changed : each)),
      );
      setAsking(false);
      await cache.invalidateQueries({ queryKey: walletQuery.queryKey });
    },
    onError: () => setAsking(false),
  });
  const on = number.sms_enabled;
  const paid = number.sms_paid_until && new Date(number.sms_paid_until) > new Date();
  const month = useMonthPrice(number, "sms_addon", number.sms_price ?? null, smsRenewal(number));
  const price = month && format.money(month);
  return (
    <section className={css.section}>
      <Switch
        label={t("numbers.capability")}
        description={
          <>
            {price !== null && t("numbers.perMonth", { price })}
            {on && paid && number.sms_paid_until && (
              <>
                {" · "}
                {t("numbers.paidUntil")} <When at={number.sms_paid_until} style="date" />
              </>
            )}
          </>
        }
        labelPosition="left"
        classNames={{ body: css.switchBody, labelWrapper: css.switchLabel }}
        checked={on}
        onChange={() => {
          change.reset();
          setAsking(true);
        }}
      />
      {change.error !== null && <SwitchFailure error={change.error} />}
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={on ? t("numbers.disable.title") : t("numbers.enable.title")}
        size="sm"
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <p className={css.question}>
          {on
            ? t("numbers.disable.text")
            : paid
              ? t("numbers.enable.paid")
              : t("numbers.enable.text", { price: price ?? "–" })}
        </p>
        <div className={css.actions}>
          <Button variant="default" onClick={() => setAsking(false)}>
            {t("common.cancel")}
          </Button>
          <Button
            data-autofocus
            color={on ? "red.8" : undefined}
            loading={change.isPending}
            onClick={() => change.mutate(!on)}
          >
            {on ? t("numbers.disable.action") : t("numbers.enable.action")}
          </Button>
        </div>
      </Modal>
    </section>
  );
}

/** The guide's three refusals, each with the way out. */
function SwitchFailure({ error }: { error: Error }) {
  const { t } = useTranslation();
  const elsewhere = error instanceof ApiFailure && error.code === "sms_not_available";
  return (
    <>
      <FailureNote error={error} />
      {elsewhere && (
        <Link to="/order" search={{ type: "mobile" }} className="link">
          {t("numbers.orderMobile")}
        </Link>
      )}
    </>
  );
}
