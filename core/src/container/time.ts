/** Now, in RFC 3339 with nine digits after the point, so that times compare as strings. */
export function timestamp(): string {
  return `${utcTime(Date.now())}000000Z`;
}

const DAY_MS = 24 * 3600 * 1000;
/** The calendar repeats after 400 years. */
const ERA_DAYS = 146_097;
/** From 1 March of the year 0 to the beginning of 1970. */
const EPOCH_DAYS = 719_468;

/**
 * Milliseconds since 1970 as `2026-11-21T18:10:39.861`, in UTC, for years up to 9999: what Date's toISOString says. A process's
 * first Date finds out which time zone is the machine's, which takes half a millisecond.
 */
export function utcTime(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const rest = ms - days * DAY_MS;
  const time = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1000) % 60].map((each) => digits(each, 2));
  return `${date(days)}T${time.join(':')}.${digits(rest % 1000, 3)}`;
}

/** Years that begin in March end with the leap day, so that a month's place follows from the days alone. */
function date(daysSince1970: number): string {
  const days = daysSince1970 + EPOCH_DAYS;
  const era = Math.floor(days / ERA_DAYS);
  const ofEra = days - era * ERA_DAYS;
  const leap = Math.floor(ofEra / 1460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / 146_096);
  const years = Math.floor((ofEra - leap) / 365);
  const ofYear = ofEra - (365 * years + Math.floor(years / 4) - Math.floor(years / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const day = ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = era * 400 + years + (month <= 2 ? 1 : 0);
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`;
}

function digits(value: number, width: number): string {
  return String(Math.floor(value)).padStart(width, '0');
}
