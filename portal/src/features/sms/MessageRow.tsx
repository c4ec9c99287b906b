import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Message } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { InIcon, OutIcon } from "~/shared/icons";
import { Phone } from "~/shared/Phone";
import { MessageStatusMark } from "~/shared/Status";
import { When } from "~/shared/When";
import css from "./MessageLog.module.css";

interface Props {
  message: Message;
  /** From the top of the list, in pixels. */
  offset: number;
  height: number;
  small: boolean;
  narrow: boolean;
  isOpen: boolean;
  isCursor: boolean;
  onFocus: (id: number) => void;
}

/** One message; a link to its detail. */
export const MessageRow = memo(function MessageRow(props: Props) {
  const { message, offset, height, small, narrow, isOpen, isCursor, onFocus } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const outbound = message.direction === "outbound";
  const other = outbound ? message.to : message.from;
  const own = outbound ? message.from : message.to;
  const Arrow = outbound ? OutIcon : InIcon;
  const who = (
    <span className={css.who}>
      <Arrow size={14} className={css.arrow} />
      <span className="visually-hidden">{t(`direction.${message.direction}`)}</span>
      <Phone number={other} />
    </span>
  );
  return (
    <li className={css.item} style={{ transform: `translateY(${offset}px)`, height }}>
      <Link
        from="/sms"
        to="/sms"
        search={(old) => ({ ...old, message: message.id > 0 ? message.id : undefined })}
        resetScroll={false}
        preload={false}
        className={css.row}
        data-id={message.id}
        data-state={message.status}
        data-small={small || undefined}
        data-narrow={narrow || undefined}
        data-open={isOpen || undefined}
        data-cursor={isCursor || undefined}
        aria-current={isOpen || undefined}
        onFocus={() => onFocus(message.id)}
      >
        {small ? (
          <>
            {who}
            <span className={css.time}>
              <When at={message.created_at} />
            </span>
            <span className={css.text} dir="auto">
              {message.body}
            </span>
            <MessageStatusMark status={message.status} />
          </>
        ) : (
          <>
            <MessageStatusMark status={message.status} />
            {who}
            <span className={css.text} dir="auto">
              {message.body}
            </span>
            <span className={css.number}>
              <Phone number={own} />
            </span>
            <span className={css.cost}>
              {outbound && (
                <>
                  <span className={css.segments} title={t("compose.segments")}>
                    {`${format.number(message.segments)}×`}
                  </span>
                  {message.test ? t("sms.test") : format.money(message.price)}
                </>
              )}
            </span>
            <span className={css.time}>
              <When at={message.created_at} />
            </span>
          </>
        )}
      </Link>
    </li>
  );
});
