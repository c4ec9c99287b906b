import { parsePhoneNumberFromString } from "libphonenumber-js/min";

/** A phone number in groups, always left to right: +44 7700 900123. */
export function Phone({ number }: { number: string }) {
  return (
    <span className="num ltr" style={{ whiteSpace: "nowrap" }}>
      {formatPhone(number)}
    </span>
  );
}

/** International spelling; the number as it is where it cannot be read. */
export function formatPhone(number: string): string {
  return parsePhoneNumberFromString(number)?.formatInternational() ?? number;
}
