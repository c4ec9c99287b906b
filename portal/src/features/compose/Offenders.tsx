import { Button } from "@mantine/core";
import type { Money } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { measure } from "~/shared/segments/segments";
import { offenders, toGsmSpelling } from "~/shared/segments/spelling";
import css from "./Compose.module.css";

interface Props {
  text: string;
  price: (segments: number) => Money | null;
  onRespell: (text: string) => void;
}

const SHOWN_MAX = 12;

/** Which characters force UCS-2, and a way to spell them in GSM-7. */
export function Offenders({ text, price, onRespell }: Props) {
  const { t } = useTranslation();
  const format = useFormat();
  const odd = offenders(text);
  if (odd.length === 0) {
    return null;
  }
  const spellable = odd.some(({ spelling }) => spelling !== undefined);
  const respelled = spellable ? toGsmSpelling(text) : text;
  const now = measure(text);
  const then = measure(respelled);
  const cheaper = then.parts.length < now.parts.length;
  const [priceNow, priceThen] = [price(now.parts.length), price(then.parts.length)];
  return (
    <div className={css.offenders} role="status">
      <p>
        {t("compose.offenders", { count: odd.length, n: format.number(odd.length) })}{" "}
        {odd.slice(0, SHOWN_MAX).map(({ character }) => (
          <mark key={character} className={css.mark} title={codePoint(character)}>
            {character.trim() === "" ? codePoint(character) : character}
          </mark>
        ))}
        {odd.length > SHOWN_MAX && "…"}
      </p>
      {spellable && (
        <div className={css.respell}>
          <Button size="compact-sm" variant="default" onClick={() => onRespell(respelled)}>
            {t("compose.respell")}
          </Button>
          {cheaper && priceNow !== null && priceThen !== null && (
            <span className="num">
              {t("compose.saves", { from: format.money(priceNow), to: format.money(priceThen) })}
            </span>
          )}
        </div>
      )}
    </div>
  );
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `U+${hex}`;
}
