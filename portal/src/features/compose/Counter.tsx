import type { Money } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { CHARACTERS_MAX, type Measure } from "~/shared/segments/segments";
import css from "./Compose.module.css";

interface Props {
  text: Measure;
  price: Money | null;
  unit: Money | null;
}

/** What the text comes to: characters, encoding, segments, price. */
export function Counter({ text, price, unit }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const segments = text.parts.length;
  return (
    <dl className={css.counter}>
      <div data-over={text.characters > CHARACTERS_MAX || undefined}>
        <dt>{t("compose.characters")}</dt>
        <dd className="num">
          <bdi dir="ltr">
            {format.number(text.characters)} / {format.number(CHARACTERS_MAX)}
          </bdi>
        </dd>
      </div>
      <div>
        <dt>{t("compose.encoding")}</dt>
        <dd>{t(`encoding.${text.encoding}`)}</dd>
      </div>
      <div>
        <dt>{t("compose.segments")}</dt>
        <dd
          className="num"
          title={t("compose.left", { count: text.unitsLeft, n: format.number(text.unitsLeft) })}
        >
          {format.number(segments)}
        </dd>
      </div>
      <div>
        <dt>{t("compose.price")}</dt>
        <dd
          className="num"
          title={unit ? t("compose.perSegment", { price: format.money(unit) }) : undefined}
        >
          {price === null || segments === 0 ? "–" : format.money(price)}
        </dd>
      </div>
    </dl>
  );
}
