// Allow-lists as people type them: what a range means, what is wrong with it, and what to write instead.
// Pure. The API decides in the end; this says the same earlier.

/** The most ranges that the API takes. */
export const MOST_RANGES = 64;

/** An IPv4 range: its first address as a number, and the length of its prefix. */
interface Range {
  first: number;
  prefix: number;
}

export type Checked =
  | { kind: 'empty' }
  /** `note`: worth knowing. `warning`: worth a second thought. */
  | { kind: 'good'; cidr: string; addresses: number; note?: string; warning?: string }
  /** `instead`: what was probably meant. */
  | { kind: 'bad'; message: string; instead: string[] };

const OCTET = /^(0|[1-9]\d{0,2})$/;
const PREFIX = /^(0|[1-9]\d?)$/;

const LINK_LOCAL = range('169.254.0.0/16');
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'].map(range);
/** Shorter prefixes hold so many addresses that they are rarely meant. */
const WIDE = 8;

/** Checks one range as it is typed. */
export function checkRange(typed: string): Checked {
  const text = typed.trim();
  if (text === '') return { kind: 'empty' };
  if (text.includes(':')) return bad('IPv6 ranges cannot be let in yet: write an IPv4 range, such as 203.0.113.0/24.');
  const [host = '', length, ...rest] = text.split('/');
  const address = addressOf(host);
  if (address === undefined || rest.length > 0) {
    return bad('This is not an IPv4 range: write four numbers from 0 to 255 and a prefix, such as 203.0.113.0/24.');
  }
  if (length === undefined) return bad('A range needs its prefix: /32 is this one address.', `${host}/32`);
  const prefix = PREFIX.test(length) ? Number(length) : Number.NaN;
  if (!(prefix <= 32)) return bad('The prefix is a number from 0 to 32: /32 is one address, /24 is 256 of them.', `${host}/32`);
  const first = masked(address, prefix);
  if (first !== address) {
    const whole = `${dotted(first)}/${prefix}`;
    return bad('The address has bits beyond the prefix: write the whole range, or the one address.', whole, `${host}/32`);
  }
  return good({ first, prefix });
}

/** Checks a list: each entry by itself, and beside the others. Empty entries are left to the reader. */
export function checkList(typed: readonly string[]): Checked[] {
  const alone = typed.map(checkRange);
  return alone.map((checked, index) => {
    if (checked.kind !== 'good') return checked;
    const mine = range(checked.cidr);
    for (const [other, entry] of alone.entries()) {
      if (other === index || entry.kind !== 'good') continue;
      if (entry.cidr === checked.cidr && other < index) return bad(`${checked.cidr} is in the list already: remove one of them.`);
      if (entry.cidr !== checked.cidr && contains(range(entry.cidr), mine)) return { ...checked, note: `Within ${entry.cidr} already.` };
    }
    return checked;
  });
}

/** The ranges of a list that has no mistakes; nothing if it has one, or holds none at all. */
export function rangesOf(typed: readonly string[]): string[] | undefined {
  const checked = checkList(typed);
  const cidrs = checked.flatMap((entry) => (entry.kind === 'good' ? [entry.cidr] : []));
  const isComplete = checked.every((entry) => entry.kind !== 'bad') && cidrs.length > 0 && cidrs.length <= MOST_RANGES;
  return isComplete ? cidrs : undefined;
}

/** Entries in a text that was pasted: separated by commas, spaces or lines. */
export function splitPasted(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}

function good({ first, prefix }: Range): Checked {
  const cidr = `${dotted(first)}/${prefix}`;
  const addresses = 2 ** (32 - prefix);
  if (contains(LINK_LOCAL, { first, prefix })) return bad('Link-local addresses are never let in: write addresses of clients.');
  if (prefix === 0) {
    return { kind: 'good', cidr, addresses, warning: 'Everyone on the internet may connect: only the password keeps them out.' };
  }
  if (prefix < WIDE) return { kind: 'good', cidr, addresses, warning: `${addresses.toLocaleString('en')} addresses: is so wide a range meant?` };
  if (PRIVATE.some((wider) => contains(wider, { first, prefix }))) {
    return { kind: 'good', cidr, addresses, note: 'Private addresses: they count only where no NAT stands between them and the cluster.' };
  }
  return { kind: 'good', cidr, addresses };
}

function bad(message: string, ...instead: string[]): Checked {
  return { kind: 'bad', message, instead };
}

function addressOf(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) <= 255)) return undefined;
  return octets.reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

function masked(address: number, prefix: number): number {
  const size = 2 ** (32 - prefix);
  return address - (address % size);
}

function contains(wider: Range, narrower: Range): boolean {
  return wider.prefix <= narrower.prefix && masked(narrower.first, wider.prefix) === wider.first;
}

/** Of text that is known to be a range. */
function range(cidr: string): Range {
  const [host = '', prefix] = cidr.split('/');
  return { first: addressOf(host) ?? 0, prefix: Number(prefix) };
}
