import { useState } from "react";
import type { AvailableNumber, Order } from "~/api/types";
import { useTranslation } from "~/i18n";
import { Page } from "~/shared/Page";
import { ChooseNumbers } from "./ChooseNumbers";
import { ChoosePlace } from "./ChoosePlace";
import css from "./Order.module.css";
import { Ordered } from "./Ordered";
import { Review } from "./Review";

/** A number in the basket. */
export interface Item {
  number: AvailableNumber;
  sms: boolean;
}

/** Country and type, numbers, payment: three steps to a number. */
export function OrderPage() {
  const { t } = useTranslation();
  const [step, setStep] = useState<1 | 2 | 3>(1);
  const [items, setItems] = useState<readonly Item[]>([]);
  const [order, setOrder] = useState<Order | null>(null);
  const names = [t("order.step.place"), t("order.step.numbers"), t("order.step.pay")];
  if (order !== null) {
    return (
      <Page title={t("nav.order")}>
        <Ordered
          order={order}
          onAgain={() => {
            setOrder(null);
            setItems([]);
            setStep(1);
          }}
        />
      </Page>
    );
  }
  return (
    <Page title={t("nav.order")}>
      <ol className={css.steps}>
        {names.map((name, index) => (
          <li
            key={name}
            aria-current={step === index + 1 ? "step" : undefined}
            data-done={step > index + 1 || undefined}
          >
            <span className={css.ordinal}>{index + 1}</span>
            {name}
          </li>
        ))}
      </ol>
      {step === 1 && <ChoosePlace onNext={() => setStep(2)} />}
      {step === 2 && (
        <ChooseNumbers
          items={items}
          onChange={setItems}
          onBack={() => setStep(1)}
          onNext={() => setStep(3)}
        />
      )}
      {step === 3 && (
        <Review items={items} onChange={setItems} onBack={() => setStep(2)} onOrdered={setOrder} />
      )}
    </Page>
  );
}
