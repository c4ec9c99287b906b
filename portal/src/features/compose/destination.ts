import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from "libphonenumber-js/min";

export interface Destination {
  e164: string;
  /** ISO country, where the number says it. */
  country: string | undefined;
}

/**
 * The E.164 form of what was typed: with `+` or 00, or as it is dialled in `country`.
 *
 * Taken by its shape and "possible", never by "valid": some ranges reserved for
 * fiction, and new ranges, are not valid to the library.
 */
export function destination(typed: string, country: string | undefined): Destination | null {
  const text = typed.trim().replace(/^00(?=[1-9])/, "+");
  const home = country !== undefined && isSupportedCountry(country) ? country : undefined;
  const parsed = parsePhoneNumberFromString(text, home as CountryCode | undefined);
  if (parsed?.isPossible()) {
    return { e164: parsed.number, country: parsed.country ?? countryOf(parsed.number, home) };
  }
  const bare = text.replace(/[\s().-]/g, "");
  return /^\+[1-9]\d{6,14}$/.test(bare) ? { e164: bare, country: undefined } : null;
}

/** Numbers that are not "valid" have no country of their own; the calling code still tells. */
function countryOf(e164: string, home: string | undefined): string | undefined {
  const parsed = parsePhoneNumberFromString(e164);
  const possible = parsed?.getPossibleCountries() ?? [];
  return possible.find((each) => each === home) ?? possible[0];
}
