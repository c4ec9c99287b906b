import type { TimeStyle } from "~/format/times";
import { useFormat } from "~/format/useFormat";

/** A time in the user's zone, exact on hover. */
export function When({ at, style = "clock" }: { at: string; style?: TimeStyle }) {
  const format = useFormat();
  return (
    <time dateTime={at} title={format.time(at, "exact")} className="num">
      {format.time(at, style)}
    </time>
  );
}
