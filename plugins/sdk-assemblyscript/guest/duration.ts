/** Go's durations, `1m30s`, in milliseconds, what is less cut off; -1 for what is none, or below nothing. */
export function millisecondsOf(text: string): f64 {
  let sum: f64 = 0;
  let at = 0;
  if (text === '0') return 0;
  while (at < text.length) {
    const begin = at;
    while (at < text.length && isNumber(text.charCodeAt(at))) at++;
    const unit = at;
    while (at < text.length && !isNumber(text.charCodeAt(at))) at++;
    const scale = scaleOf(text.slice(unit, at));
    const number = text.slice(begin, unit);
    if (scale < 0 || number === '' || number.split('.').length > 2 || number === '.') return -1;
    sum += parseFloat(number) * scale;
  }
  return text === '' ? -1 : Math.floor(sum);
}

function isNumber(c: i32): bool {
  return (c >= 48 && c <= 57) || c === 46;
}

function scaleOf(unit: string): f64 {
  if (unit === 'ns') return 0.000001;
  if (unit === 'us' || unit === 'µs') return 0.001;
  if (unit === 'ms') return 1;
  if (unit === 's') return 1000;
  if (unit === 'm') return 60000;
  if (unit === 'h') return 3600000;
  return -1;
}
