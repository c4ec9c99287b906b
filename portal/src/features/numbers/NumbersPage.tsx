import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { MyNumber } from "~/api/types";
import { useFormat } from "~/format/useFormat";
import { useTranslation } from "~/i18n";
import { Empty } from "~/shared/Empty";
import { FailureNote } from "~/shared/FailureNote";
import { PlusIcon } from "~/shared/icons";
import { Page } from "~/shared/Page";
import { Phone } from "~/shared/Phone";
import { RowSkeleton } from "~/shared/RowSkeleton";
import { NumberStatusMark } from "~/shared/Status";
import table from "~/shared/Table.module.css";
import { When } from "~/shared/When";
import { ConfigureDrawer } from "./ConfigureDrawer";
import css from "./ConfigureDrawer.module.css";
import { numbersQuery } from "./queries";
import { nextCharge, owes } from "./renewal";
import { SmsBadge } from "./SmsBadge";

const route = getRouteApi("/inside/numbers");

export function NumbersPage() {
  const { t } = useTranslation();
  const numbers = useQuery(numbersQuery);
  const { configure } = route.useSearch();
  const navigate = route.useNavigate();
  const open = numbers.data?.find(({ id }) => id === configure);
  const close = () => void navigate({ search: {} });
  return (
    <Page
      title={t("nav.numbers")}
      actions={
        <>
          <Button
            variant="default"
            renderRoot={(props) => <Link to="/messaging-profiles" {...props} />}
          >
            {t("profiles.title")}
          </Button>
          <Button
            leftSection={<PlusIcon />}
            renderRoot={(props) => <Link to="/order" {...props} />}
          >
            {t("numbers.order")}
          </Button>
        </>
      }
    >
      {numbers.isPending && <RowSkeleton rows={4} />}
      {numbers.isError && (
        <div style={{ padding: "8px var(--gutter)" }}>
          <FailureNote error={numbers.error} retry={() => void numbers.refetch()} />
        </div>
      )}
      {numbers.isSuccess &&
        (numbers.data.length === 0 ? (
          <Empty
            title={t("numbers.empty.title")}
            text={t("numbers.empty.text")}
            action={
              <Button renderRoot={(props) => <Link to="/order" {...props} />}>
                {t("numbers.order")}
              </Button>
            }
          />
        ) : (
          <NumbersTable numbers={numbers.data} />
        ))}
      <ConfigureDrawer number={open} onClose={close} />
    </Page>
  );
}

function NumbersTable({ numbers }: { numbers: readonly MyNumber[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={table.scroll}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">{t("numbers.columns.number")}</th>
            <th scope="col" className={table.wideOnly}>
              {t("numbers.columns.country")}
            </th>
            <th scope="col" className={table.wideOnly}>
              {t("numbers.columns.type")}
            </th>
            <th scope="col">{t("numbers.columns.state")}</th>
            <th scope="col" className={table.wideOnly}>
              {t("numbers.columns.renews")}
            </th>
            <th scope="col">
              <span className="visually-hidden">{t("numbers.configure")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {numbers.map((number) => (
            <tr key={number.id}>
              <td>
                <span style={{ display: "inline-flex", flexWrap: "wrap", gap: "2px 10px" }}>
                  <strong style={{ fontWeight: 550 }}>
                    <Phone number={number.number} />
                  </strong>
                  {number.sms_enabled && <SmsBadge />}
                </span>
              </td>
              <td className={table.wideOnly}>{format.country(number.country)}</td>
              <td className={table.wideOnly}>{t(`numbers.type.${number.type}`)}</td>
              <td>
                <NumberStatusMark status={number.status} />
                {owes(number) && (
                  <div>
                    <Link to="/wallet" search={{ add: true }} className="link">
                      {t("numbers.renewal.owing")}
                    </Link>
                  </div>
                )}
                {number.messaging_profile == null && (
                  <div className={css.owed}>{t("numbers.health.noProfile")}</div>
                )}
              </td>
              <td className={table.wideOnly}>
                <NextCharge number={number} />
              </td>
              <td className={table.end}>
                <Button
                  size="xs"
                  variant="default"
                  renderRoot={(props) => (
                    <Link
                      to="/numbers"
                      search={{ configure: number.id }}
                      preload={false}
                      {...props}
                    />
                  )}
                >
                  {t("numbers.configure")}
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function NextCharge({ number }: { number: MyNumber }) {
  const at = nextCharge(number);
  return at === null ? "–" : <When at={at} style="date" />;
}
