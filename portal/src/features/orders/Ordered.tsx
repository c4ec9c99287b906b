import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Order } from "~/api/types";
import { openCompose } from "~/features/compose/open";
import { SmsBadge } from "~/features/numbers/SmsBadge";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Phone } from "~/shared/Phone";
import css from "./Order.module.css";

/** The numbers are there: what next. */
export function Ordered({ order, onAgain }: { order: Order; onAgain: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const first = order.items.find(({ sms }) => sms);
  return (
    <div className={css.step} role="status">
      <h2 className={css.done}>
        {t("order.done.title", { count: order.items.length, n: format.number(order.items.length) })}
      </h2>
      <ul className={css.doneList}>
        {order.items.map(({ number_id, number, sms }) => (
          <li key={number_id}>
            <Phone number={number} /> {sms && <SmsBadge />}
          </li>
        ))}
      </ul>
      <p className="dim">{t("order.done.text", { price: format.money(order.total) })}</p>
      <div className={css.actions}>
        {first && (
          <Button onClick={() => openCompose({ from: first.number_id })}>
            {t("order.done.send")}
          </Button>
        )}
        <Button variant="default" renderRoot={(props) => <Link to="/numbers" {...props} />}>
          {t("nav.numbers")}
        </Button>
        <Button variant="default" onClick={onAgain}>
          {t("order.done.again")}
        </Button>
      </div>
    </div>
  );
}
