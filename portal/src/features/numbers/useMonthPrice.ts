import { useQuery } from "@tanstack/react-query";
import type { Charge, Money, MyNumber } from "~/api/types";
import { upcomingQuery } from "~/features/wallet/queries";
import type { Renewal } from "./renewal";

/**
 * What a month costs: as it is `offered` or, where it no longer is (null), what its next charge takes. Null where
 * neither is known; while the offer is not known yet (undefined), nothing is asked for.
 */
export function useMonthPrice(
  number: MyNumber,
  kind: Charge["kind"],
  offered: Money | null | undefined,
  renewal: Renewal | null,
): Money | null {
  const charged = offered === null && renewal !== null && renewal.state !== "ends";
  const upcoming = useQuery({ ...upcomingQuery, enabled: charged });
  if (!charged) {
    return offered ?? null;
  }
  // The soonest come first.
  const next = upcoming.data?.charges.find(
    (charge) => charge.number_id === number.id && charge.kind === kind,
  );
  return next?.amount ?? null;
}
