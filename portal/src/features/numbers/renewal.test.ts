import { describe, expect, it } from "vitest";
import type { MyNumber } from "~/api/types";
import { nextCharge, numberRenewal, owes, smsRenewal } from "./renewal";

const MAY = "2026-05-03T10:15:30.000000Z";
const JUNE = "2026-06-03T10:15:30.000000Z";
const owed = { amount: "0.75", currency: "EUR" };

const number = (of: Partial<MyNumber>): MyNumber => ({
  id: 1,
  number: "+447700900001",
  country: "GB",
  type: "mobile",
  status: "active",
  sms_enabled: true,
  sms_available: true,
  sms_lapsed: false,
  simulated: true,
  created_at: "2026-04-03T10:15:30.000000Z",
  ...of,
});

describe("a number's renewals", () => {
  it("are charged on the day of each, the first of them first", () => {
    const paid = number({
      renews_at: JUNE,
      paid_until: JUNE,
      sms_renews_at: MAY,
      sms_paid_until: MAY,
    });
    expect(numberRenewal(paid)).toEqual({ state: "due", at: JUNE });
    expect(smsRenewal(paid)).toEqual({ state: "due", at: MAY });
    expect(nextCharge(paid)).toBe(MAY);
    expect(owes(paid)).toBe(false);
  });

  it("end with the month where SMS was switched off", () => {
    const off = number({ sms_enabled: false, sms_paid_until: MAY });
    expect(smsRenewal(off)).toEqual({ state: "ends", at: MAY });
    expect(nextCharge(off)).toBeNull();
    expect(owes(off)).toBe(false);
  });

  it("say what is owed, in grace and after it", () => {
    const grace = number({ sms_grace_until: MAY, sms_owed: owed });
    expect(smsRenewal(grace)).toEqual({ state: "grace", until: MAY, owed });
    expect(owes(grace)).toBe(true);
    const lapsed = number({ sms_enabled: false, sms_lapsed: true, sms_owed: owed });
    expect(smsRenewal(lapsed)).toEqual({ state: "lapsed", owed });
    expect(owes(lapsed)).toBe(true);
    const suspended = number({ status: "suspended", owed });
    expect(numberRenewal(suspended)).toEqual({ state: "lapsed", owed });
    expect(owes(suspended)).toBe(true);
  });

  it("are none where nothing is paid for", () => {
    const free = number({});
    expect([numberRenewal(free), smsRenewal(free), nextCharge(free)]).toEqual([null, null, null]);
    expect(owes(free)).toBe(false);
  });
});
