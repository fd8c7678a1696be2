// Kubernetes quantities: comparing them, adding them up, and saying them to people. Pure.

const UNITS: Record<string, bigint> = {
  m: 1n,
  '': 1000n,
  k: 1000n ** 2n,
  M: 1000n ** 3n,
  G: 1000n ** 4n,
  T: 1000n ** 5n,
  P: 1000n ** 6n,
  E: 1000n ** 7n,
  Ki: 1000n << 10n,
  Mi: 1000n << 20n,
  Gi: 1000n << 30n,
  Ti: 1000n << 40n,
  Pi: 1000n << 50n,
  Ei: 1000n << 60n,
};

/** As the API admits them. */
const SPELLING = /^(\d{1,15})(?:\.(\d+))?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;

/** The quantity in thousandths, rounded up; nothing if it is none. */
export function milli(text: string): bigint | undefined {
  const [, whole, fraction = '', unit = ''] = SPELLING.exec(text) ?? [];
  const scale = UNITS[unit];
  if (whole === undefined || scale === undefined || whole.length + fraction.length > 15) return undefined;
  const divisor = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) * scale + divisor - 1n) / divisor;
}

export interface Bounds {
  least: string;
  most: string;
  example: string;
}

/** What to write instead of a quantity that the API would refuse; nothing if it is fine. */
export function quantityError(text: string, { least, most, example }: Bounds): string | undefined {
  const amount = milli(text.trim());
  if (amount === undefined) return `Write a number with its unit, such as ${example}.`;
  if (amount < (milli(least) ?? 0n) || amount > (milli(most) ?? amount)) return `Write ${least} to ${most}, such as ${example}.`;
  return undefined;
}

/** Whether `now` is less than `before`. What is no quantity is not. */
export function isLess(now: string, before: string): boolean {
  const [a, b] = [milli(now.trim()), milli(before)];
  return a !== undefined && b !== undefined && a < b;
}

/** The sum of quantities in thousandths. What cannot be read counts as nothing. */
export function sum(texts: readonly string[]): bigint {
  return texts.reduce((total, text) => total + (milli(text) ?? 0n), 0n);
}

/** An amount of processor, as people say it: `0.5`. */
export function processors(amount: bigint): string {
  return rounded(Number(amount) / 1000);
}

const SIZES = ['TiB', 'GiB', 'MiB', 'KiB'];

/** An amount of memory or disk, as people say it: `512 MiB`. */
export function bytes(amount: bigint): string {
  for (const [index, unit] of SIZES.entries()) {
    const scale = 1000n << BigInt(10 * (SIZES.length - index));
    if (amount >= scale) return `${rounded(Number((amount * 1000n) / scale) / 1000)} ${unit}`;
  }
  return amount === 0n ? '0' : `${amount / 1000n} B`;
}

/** `500m` as `0.5 CPU`; what is no quantity stays as it is. */
export function cpuWords(text: string): string {
  const amount = milli(text);
  return amount === undefined ? text : `${processors(amount)} CPU`;
}

/** `512Mi` as `512 MiB`; what is no quantity stays as it is. */
export function sizeWords(text: string): string {
  const amount = milli(text);
  return amount === undefined ? text : bytes(amount);
}

function rounded(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}
