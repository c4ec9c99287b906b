import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Money, MyNumber } from "~/api/types";
import { coverageQuery } from "~/features/orders/queries";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { When } from "~/shared/When";
import css from "./ConfigureDrawer.module.css";
import { numberRenewal, owes, type Renewal, smsRenewal } from "./renewal";
import { useMonthPrice } from "./useMonthPrice";

/** What the next months of a number and of its SMS cost, and when they are charged. */
export function Renewals({ number }: { number: MyNumber }) {
  const { t } = useTranslation();
  const coverage = useQuery(coverageQuery);
  const [own, sms] = [numberRenewal(number), smsRenewal(number)];
  const country = coverage.data?.find((each) => each.country === number.country);
  const offered = coverage.data && (country?.[number.type]?.number_price ?? null);
  const price = useMonthPrice(number, "number", offered, own);
  const smsPrice = useMonthPrice(number, "sms_addon", number.sms_price ?? null, sms);
  if (own === null && sms === null) return null;
  return (
    <section className={css.section}>
      <h3 className={css.subtitle}>{t("numbers.renewal.title")}</h3>
      <dl className={css.facts}>
        {own && <Row name={t("numbers.columns.number")} renewal={own} price={price} />}
        {sms && <Row name={t("numbers.sms")} renewal={sms} price={smsPrice} />}
      </dl>
      {owes(number) && (
        <p role="alert">
          {t("numbers.renewal.cure")}{" "}
          <Link to="/wallet" search={{ add: true }} className="link">
            {t("wallet.topUp")}
          </Link>
        </p>
      )}
    </section>
  );
}

interface RowProps {
  name: string;
  renewal: Renewal;
  price: Money | null;
}

function Row({ name, renewal, price }: RowProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <State renewal={renewal} price={price} />
      </dd>
    </div>
  );
}

function State({ renewal, price }: { renewal: Renewal; price: Money | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  switch (renewal.state) {
    case "due":
      return (
        <>
          {price && <span className="num">{format.money(price)} · </span>}
          <When at={renewal.at} style="date" />
        </>
      );
    case "ends":
      return (
        <>
          {t("numbers.renewal.ends")} <When at={renewal.at} style="date" />
        </>
      );
    case "grace":
      return (
        <>
          <Owed amount={renewal.owed} /> · {t("numbers.renewal.offFrom")}{" "}
          <When at={renewal.until} style="date" />
        </>
      );
    case "lapsed":
      return (
        <>
          <Owed amount={renewal.owed} /> · {t("numbers.renewal.off")}
        </>
      );
  }
}

function Owed({ amount }: { amount: Money | null }) {
  const { t } = useTranslation();
  const format = useFormat();
  return amount ? (
    <strong>{t("numbers.renewal.owed", { amount: format.money(amount) })}</strong>
  ) : (
    <strong>{t("numbers.renewal.owing")}</strong>
  );
}
