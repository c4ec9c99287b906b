import { Checkbox } from "@mantine/core";
import { useTranslation } from "~/i18n";
import { EVENTS, type EventName } from "./queries";
import css from "./Webhooks.module.css";

interface Props {
  chosen: readonly EventName[];
  /** Which there are to choose from; all, if not given. */
  events?: readonly EventName[];
  onChange: (chosen: EventName[]) => void;
  error?: string | undefined;
}

/** Which events a webhook is told of, in the API's own words and ours. */
export function EventChoice({ chosen, events = EVENTS, onChange, error }: Props) {
  const { t } = useTranslation();
  return (
    <fieldset className={css.choice}>
      <legend>{t("webhooks.events")}</legend>
      {events.map((event) => (
        <Checkbox
          key={event}
          label={<code>{event}</code>}
          description={t(`webhooks.event.${event}`)}
          checked={chosen.includes(event)}
          onChange={({ currentTarget: { checked } }) =>
            onChange(EVENTS.filter((each) => (each === event ? checked : chosen.includes(each))))
          }
        />
      ))}
      {error !== undefined && (
        <p className={css.wrong} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
