/**
 * Checks a file that `lotbook export --proof` wrote: docs/spec/proof.md says what is in it and what is checked. Made
 * from the pages of docs/spec alone: it shares no code with lotbook, so that each can show the other's faults.
 *     node verify-proof.mjs ledger.proof.ndjson [--key public.pem] [--checkpoint note [--books list]]
 * @typedef {Record<string, any>} Line a line of the file: its values are strings, but for `fees`
 * @typedef {{ key?: string, checkpoint?: string, books?: string }} Options a public key as PEM; a note and its list
 * @typedef {{ ok: boolean, found: number, findings: string[], counts: Record<string, number>,
 *   notes: Record<string, string> }} Result `findings` are the first 20 of all that were `found`; `notes` say what
 *   the file was held against beside itself
 */

// SHA-256 (FIPS 180-4) of a string of bytes, one a character. Web Crypto's comes through a promise: too slow here.
const [schedule, words] = [new Int32Array(64), new Int32Array(8)];
/** The first 32 bits of the fractional parts of the roots of the first primes. */
function rootsOfPrimes(count, root) {
  const primes = [];
  for (let n = 2; primes.length < count; n++) if (primes.every((p) => n % p > 0)) primes.push(n);
  return Int32Array.from(primes, (prime) => (root(prime) * 2 ** 32) | 0);
}
const [initial, constants] = [rootsOfPrimes(8, Math.sqrt), rootsOfPrimes(64, Math.cbrt)];
const turn = (x, by) => (x >>> by) | (x << (32 - by));
function addBlock(bytes, start) {
  for (let i = 0; i < 64; i++)
    schedule[i >> 2] = (schedule[i >> 2] << 8) | bytes.charCodeAt(start + i);
  for (let i = 16; i < 64; i++) {
    const x = schedule[i - 15];
    const y = schedule[i - 2];
    const low = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    schedule[i] =
      schedule[i - 16] + low + schedule[i - 7] + (turn(y, 17) ^ turn(y, 19) ^ (y >>> 10));
  }
  let [a, b, c, d] = [words[0], words[1], words[2], words[3]];
  let [e, f, g, h] = [words[4], words[5], words[6], words[7]];
  for (let i = 0; i < 64; i++) {
    const chosen = (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g));
    const majority = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    const next = (h + chosen + constants[i] + schedule[i]) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + next) | 0;
    d = c;
    c = b;
    b = a;
    a = (next + majority) | 0;
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => (words[i] += word));
}
function sha256(bytes) {
  const padding = "\0".repeat((119 - (bytes.length % 64)) % 64);
  const padded = `${bytes}\x80${padding}${encode.integer(8 * bytes.length)}`;
  words.set(initial);
  for (let start = 0; start < padded.length; start += 64) addBlock(padded, start);
  let hash = "";
  for (const word of words) hash += (word >>> 0).toString(16).padStart(8, "0");
  return hash;
}

const digitOf = Array.from({ length: 128 }, (_, code) => parseInt(String.fromCharCode(code), 16));
/** The bytes of a value of each type: hashing.md 1. */
const encode = {
  text: (value) =>
    /^[\0-\x7f]*$/.test(value)
      ? value
      : Array.from(new TextEncoder().encode(value), encode.byte).join(""),
  byte: (value) => String.fromCharCode(Number(value)),
  hex: (value) => {
    const digits = value.replaceAll("-", ""); // a UUID has dashes
    let text = "";
    for (let i = 0; i < digits.length; i += 2)
      text += String.fromCharCode(
        16 * digitOf[digits.charCodeAt(i)] + digitOf[digits.charCodeAt(i + 1)],
      );
    return text;
  },
  integer: (value) => {
    const number = BigInt(value);
    return fourBytes(Number(number >> 32n)) + fourBytes(Number(number & 0xffff_ffffn));
  },
  time: (value) => encode.integer(nanoseconds(value)),
  micros: (value) => encode.integer(nanoseconds(value) / 1000n),
  fees: (fees) => fees.map((fee) => sized(fee.asset) + sized(fee.amount)).join(""),
  identity: (fact) =>
    encode.byte(fact.type === "fill" ? 1 : 3) +
    [fact.venue, fact.account, fact.id].map((text) => sized(text)).join("") +
    encode.integer(fact.revision),
};
const fourBytes = (number) =>
  String.fromCharCode(number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
/** A value behind its length of 4 bytes. */
function sized(value, type = "text") {
  const encoded = encode[type](value);
  return fourBytes(encoded.length) + encoded;
}

/** The records of hashing.md: kind, then fields in order of tags, which run 1, 2, 3 … in each; text where no type is. */
const records = new Map(
  `fill 01 portfolio symbol venue account fill_id revision:integer executed_at:time side quantity price quote_fee
    base_fee fees:fees sequence:integer order_id strategy trade_id quote_size grain
  void 02 portfolio symbol target_kind venue account target_id target_revision:integer asset author reason
    value_revision:integer
  opening_lot 03 portfolio symbol venue account key revision:integer opened_at:time quantity cost author note
  fee_value 04 portfolio symbol venue account fill_id fill_revision:integer asset value source revision:integer
  adjustment 05 portfolio symbol venue account entry_id trade_type trade_id executed_at:time side quantity price
    fees:fees order_id
  observation 11 telling:hex outcome fact:hex told
  batch 20 batch_id:hex recorded_at:micros source author inputs
  seal 21 book_id:hex number:integer previous:hex batch:hex first_entry:integer fact_count:integer fact_root:hex
    first_observation:integer observation_count:integer observation_root:hex
  revision 22 number:integer previous:hex stamp:micros kind version:integer book_id:hex digest:hex inputs:hex
  checkpoint_book 23 book_id:hex last_entry:integer last_observation:integer last_seal:integer head:hex
  book 2f portfolio symbol
  allocation 31 close:identity closed_at:integer open:identity opened_at:integer quantity open_fee close_fee
    cost_basis proceeds pnl missing:byte
  open_lot 32 open:identity opened_at:integer quantity open_fee cost_basis missing:byte
  day 33 allocations:hex open_lots:hex
  book_digest 34 portfolio symbol days:hex
  version_digest 35 method scope fee_policy engine_version:integer books:hex`
    .split(/\n {2}(?! )/)
    .map((text) => {
      const [name, kind, ...fields] = text.split(/\s+/);
      return [
        name.replace("_", " "),
        [encode.hex(`0001${kind}`), fields.map((field) => field.split(":"))],
      ];
    }),
);
/** The leaf of a record. A value that is undefined is left out. */
export function leaf(name, values) {
  const [start, fields] = records.get(name);
  const encoded = fields.map(([key, type], at) =>
    values[key] === undefined ? "" : encode.byte(at + 1) + sized(values[key], type),
  );
  return sha256(start + encoded.join(""));
}
/** SHA-256 of bytes given in hexadecimal, with no prefix. */
export const hashOf = (hex) => sha256(encode.hex(hex));
const [nothing, zeros] = [hashOf(""), "0".repeat(64)];

/** A Merkle tree of RFC 6962 that grows leaf by leaf: `whole` are the roots of its full subtrees, the greatest first. */
export class Tree {
  count = 0;
  whole = [];
  add(hash) {
    let node = hash;
    for (let size = this.count++; size % 2 === 1; size = (size - 1) / 2)
      node = hashOf(`01${this.whole.pop()}${node}`);
    this.whole.push(node);
  }
  root() {
    return this.count === 0
      ? nothing
      : this.whole.reduceRight((right, left) => hashOf(`01${left}${right}`));
  }
}

/** The leaf of a fact from its line. Portfolio and symbol are the book's; a fill's fees go into three fields. */
export function factLeaf(book, line) {
  const values = { ...line, portfolio: book.portfolio, symbol: book.symbol };
  if (line.type === "fill") Object.assign(values, splitFees(book.symbol, line.fees));
  if (values.fees?.length === 0) values.fees = undefined;
  return leaf(line.type, values);
}
function splitFees(symbol, fees) {
  const [, base, quote] = /^(.*)-(.*)$/s.exec(symbol) ?? [];
  const amountIn = (asset) => fees.find((fee) => fee.asset === asset)?.amount;
  const third = fees.filter(({ asset }) => asset !== base && asset !== quote);
  return { quote_fee: amountIn(quote), base_fee: amountIn(base), fees: third };
}

/** Nanoseconds since 1970 of a time in the form of proof.md 1; undefined of anything else. */
export function nanoseconds(text) {
  const [, seconds, fraction = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.((?:\d{3}){1,3}))?Z$/.exec(text) ?? [];
  const milliseconds = Date.parse(`${seconds}Z`);
  if (Number.isNaN(milliseconds) || fraction.endsWith("000")) return undefined;
  if (new Date(milliseconds).toISOString().slice(0, 19) !== seconds) return undefined; // there is no such day
  return BigInt(milliseconds) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
// A quantity or price is a count of 10^-18; an amount (fee, share, product of two) is a count of 10^-36.
const one = 10n ** 18n;
function scaled(text) {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(18, "0"));
}
function decimal(amount) {
  const digits = String(amount < 0n ? -amount : amount).padStart(37, "0");
  return `${amount < 0n ? "-" : ""}${digits.slice(0, -36)}.${digits.slice(-36)}`.replace(
    /\.?0*$/,
    "",
  );
}
/** Order of UTF-8 bytes, which is that of code points. */
function byBytes(a, b) {
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

const isAmount = (text) =>
  typeof text === "string" && /^(?!-0$)-?(?:0|[1-9]\d{0,19})(?:\.\d{0,17}[1-9])?$/.test(text);
/** A surrogate on its own is not text: it has no UTF-8, so all of them would have one hash. */
const isText = (text) => typeof text === "string" && !/[\ud800-\udfff]/u.test(text);
/** What is a value of each type. */
const isOfType = {
  text: isText,
  integer: (text) =>
    /^(?:0|[1-9]\d{0,18})$/.test(text) && (text.length < 19 || text <= "9223372036854775807"),
  amount: isAmount, // of a fact; conclusions are only compared
  above0: (text) => isAmount(text) && !/^-|^0$/.test(text),
  price: (text) => isAmount(text) && !text.startsWith("-"),
  time: (text) => nanoseconds(text) !== undefined && text > "1970" && text < "2262",
  micros: (text) => nanoseconds(text) !== undefined && text.length <= 27,
  hash: (text) => /^[0-9a-f]{64}$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text),
  fees: (fees) =>
    Array.isArray(fees) &&
    fees.every((fee, at) => {
      if (fee === null || Object.keys(fee).join() !== "asset,amount") return false;
      if (!isText(fee.asset) || !isAmount(fee.amount) || fee.amount === "0") return false;
      return at === 0 || byBytes(fees[at - 1].asset, fee.asset) < 0;
    }),
};
const place = "entry integer, venue text, account text";
/** The lines of proof.md 3: keys in their order, `?` where one may be missing, each with its type or its values. */
const forms = new Map(
  `proof: format =lotbook-proof, format_version =1
  version: version integer, method =fifo, scope =portfolio|account, fee_policy =in basis and proceeds, engine_version =1,
    digest hash
  book: book_id uuid, portfolio text, symbol text, last_entry integer, last_observation integer, last_seal integer,
    head hash
  fill: ${place}, fill_id text, revision integer, executed_at time, side =buy|sell, quantity above0, price price,
    fees fees, sequence? integer, order_id? text, strategy? text, trade_id? text, quote_size? amount, grain? =order,
    leaf hash
  opening lot: ${place}, key text, revision integer, opened_at time, quantity above0, cost? amount, author text,
    note text, leaf hash
  fee value: ${place}, fill_id text, fill_revision integer, asset text, revision integer, value amount, source text,
    leaf hash
  void: ${place}, target_kind =fill|opening lot|fee value, target_id text, target_revision integer, asset? text,
    value_revision? integer, author text, reason text, leaf hash
  adjustment: ${place}, entry_id text, trade_type text, trade_id? text, executed_at time, side? =buy|sell,
    quantity? amount, price? amount, fees fees, order_id? text, leaf hash
  observation: number integer, outcome =recorded|duplicate|rounded copy|conflict|waiting|decision, entry? integer,
    telling hash, told? text
  seal: number integer, batch_id uuid, recorded_at micros, source text, author text, inputs text, first_entry integer,
    fact_count integer, fact_root hash, first_observation integer, observation_count integer, observation_root hash,
    hash hash
  state: revision integer, computed_entry integer, digest? hash
  allocation: close_entry integer, slice integer, open_entry? integer, quantity text, open_fee? text, close_fee text,
    cost_basis? text, proceeds text, pnl? text, missing integer, hash hash
  open lot: open_entry integer, quantity text, open_fee text, cost_basis? text, missing integer, hash hash
  revision: number integer, stamp micros, kind =step|publish|drop, version integer, book_id? uuid, digest? hash,
    inputs hash, hash hash
  checkpoint: note text`
    .split(/\n {2}(?! )/)
    .map((text) => {
      const [type, list] = text.split(/:\s/);
      return [type, list.split(/,\s+/).map((field) => /^(\w+)(\??) (.*)$/s.exec(field) ?? [])];
    }),
);
/** What is wrong with the form of a line, or undefined. */
function formError(line, text) {
  const form = forms.get(line?.type);
  const keys = Object.keys(line ?? {});
  if (!form || keys.shift() !== "type")
    return "has no type that proof.md 3 names, or not as its first key";
  for (const [, key, optional, type] of form) {
    if (keys[0] !== key && optional) continue;
    if (keys.shift() !== key) return `lacks ${key}, or has it elsewhere`;
    const isGood = type.startsWith("=")
      ? type.slice(1).split("|").includes(line[key])
      : isOfType[type](line[key]);
    if (!isGood || (key !== "fees" && typeof line[key] !== "string"))
      return `has a ${key} that can't be`;
  }
  if (keys.length > 0) return `has ${keys[0]}, which does not belong there`;
  return JSON.stringify(line) === text ? undefined : "is not written as JSON.stringify writes it";
}

const rank = (fact) => (fact.type === "opening lot" ? 0 : fact.sequence === undefined ? 1 : 2);
/** Ledger order: time.md 2. */
function inLedgerOrder(a, b) {
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  const side = Number(a.side === "sell") - Number(b.side === "sell");
  const wallet = byBytes(a.venue, b.venue) || byBytes(a.account, b.account);
  const id = byBytes(a.id, b.id) || Number(a.revision) - Number(b.revision);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  return rank(a) < 2
    ? side || wallet || id
    : wallet || Number(a.sequence - b.sequence) || side || id;
}
/** Takes a quantity from a fact and returns its share of the fact's amount: numbers.md 4. */
function take(fact, quantity) {
  let last = one; // the unit that shares are cut at: 18 decimals, or the amount's own where it has more
  while (fact.amount % last !== 0n) last /= 10n;
  const upTo = (used) => (((fact.amount / last) * used) / fact.quantity) * last;
  fact.used += quantity;
  return upTo(fact.used) - upTo(fact.used - quantity);
}
/** FIFO, matching.md 3: gives each sale its slices, and leaves in each lot what it has `used`. */
function match(standing, scope) {
  const pools = new Map();
  for (const fact of standing.sort(inLedgerOrder)) {
    const name = scope === "account" ? JSON.stringify([fact.venue, fact.account]) : "";
    const pool = pools.get(name) ?? { lots: [], head: 0 };
    pools.set(name, pool);
    if (fact.side === "buy") pool.lots.push(fact);
    else
      for (fact.slices = []; fact.used < fact.quantity;) {
        const lot = pool.lots[pool.head];
        const [wanted, left] = [fact.quantity - fact.used, lot ? lot.quantity - lot.used : 0n];
        const quantity = lot && left < wanted ? left : wanted;
        fact.slices.push({
          lot,
          quantity,
          openFee: lot && take(lot, quantity),
          closeFee: take(fact, quantity),
        });
        if (lot && quantity === left) pool.head++;
      }
  }
}
/** The rows of what was matched, in the file's order. What goes into the digest is noted in `days`. */
function* rowsOf(standing, days) {
  const finish = (row, fact, more) => {
    for (const key of Object.keys(row))
      if (typeof row[key] === "bigint") row[key] = decimal(row[key]);
    row.hash = leaf(row.type, { ...row, ...more });
    const day = fact.time / 86_400_000_000_000n;
    if (!days.has(day)) days.set(day, { allocation: [], "open lot": [] });
    days.get(day)?.[row.type].push([fact.time, row.hash]);
    return row;
  };
  standing.sort((a, b) => (a.time === b.time ? a.entry - b.entry : a.time < b.time ? -1 : 1));
  for (const fact of standing)
    for (const [at, { lot, quantity, openFee, closeFee }] of (fact.slices ?? []).entries()) {
      const missing = (lot ? Number(lot.isUnknown) : 4) + 2 * Number(fact.isUnknown);
      const cost = lot && !lot.isUnknown ? lot.price * quantity + openFee : undefined;
      const proceeds = fact.price * quantity;
      const pnl = missing === 0 ? proceeds - closeFee - cost : undefined;
      const row = { type: "allocation", close_entry: String(fact.entry), slice: String(at + 1) };
      Object.assign(row, {
        open_entry: lot && String(lot.entry),
        quantity: quantity * one,
        open_fee: openFee,
      });
      Object.assign(row, {
        close_fee: closeFee,
        cost_basis: cost,
        proceeds,
        pnl,
        missing: String(missing),
      });
      yield finish(row, fact, {
        close: fact,
        closed_at: fact.time,
        open: lot,
        opened_at: lot?.time,
      });
    }
  for (const fact of standing) {
    const left = fact.quantity - fact.used;
    if (left === 0n) continue;
    const [entry, openFee] = [String(fact.entry), take(fact, left)]; // all that no slice has taken
    const row = { type: "open lot", open_entry: entry, quantity: left * one, open_fee: openFee };
    const cost = fact.isUnknown ? undefined : fact.price * left + openFee;
    Object.assign(row, { cost_basis: cost, missing: String(Number(fact.isUnknown)) });
    yield finish(row, fact, { open: fact, opened_at: fact.time });
  }
}
const inOrder = (a, b) => (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]) ? -1 : 1);
const hashOfRows = (rows) =>
  rows.length === 0
    ? undefined
    : hashOf(
        rows
          .sort(inOrder)
          .map(([, hash]) => hash)
          .join(""),
      );
/** Digest of a book: hashing.md 5. Undefined without rows. */
function digestOf(book, days) {
  const digests = [...days]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(
      ([day, rows]) =>
        wide(day) +
        leaf("day", {
          allocations: hashOfRows(rows.allocation),
          open_lots: hashOfRows(rows["open lot"]),
        }),
    );
  return digests.length === 0
    ? undefined
    : leaf("book digest", { ...book, days: digests.join("") });
}
/** 8 bytes in hexadecimal. */
const wide = (number) => BigInt(number).toString(16).padStart(16, "0");

const base64 = (hex) => btoa(encode.hex(hex));
const noteShape = new RegExp(
  [
    "^(?<text>lotbook-checkpoint\n(?<books>\\d+)\n(?<root>.+)\nformat 1\ntime (?<time>.+)\nfacts (?<facts>\\d+)\n",
    "observations (?<observations>\\d+)\nseals (?<seals>\\d+)\nrevision (?<revision>\\d+) (?<revision_hash>.+)\n)",
    "(?:\n— (?<name>[^ \n]+) (?<signature>[^ \n]+)\n(?:— [^ \n]+ [^ \n]+\n)*)?$",
  ].join(""),
);
/** The parts of a note, checkpoint.md 1; undefined of another text. */
export function readNote(text) {
  const parts = noteShape.exec(text)?.groups;
  const isTime =
    /\.\d{3}Z$/.test(parts?.time ?? "") &&
    nanoseconds(parts.time.replace(".000Z", "Z")) !== undefined;
  return isTime ? parts : undefined;
}
const bytesOf = (text) => Uint8Array.from(text, (byte) => byte.charCodeAt(0));
/** What is wrong with a note's signature, or undefined. */
async function signatureError(note, pem) {
  if (note.signature === undefined) return "is not signed";
  const { subtle } = globalThis.crypto ?? (await import("node:crypto")).webcrypto;
  const key = atob(pem.replace(/-----[A-Z ]+-----|\s/g, ""));
  const name = `${note.name}\n`;
  const signature = /^[A-Za-z0-9+/]{91}=$/.test(note.signature) ? atob(note.signature) : "";
  const keyId = sha256(`${name}\x01${key.slice(-32)}`).slice(0, 8);
  if (name !== "lotbook-checkpoint\n" || btoa(signature) !== note.signature)
    return "has no signature of this form";
  if (encode.hex(keyId) !== signature.slice(0, 4)) return "is signed with another key";
  const imported = await subtle.importKey("spki", bytesOf(key), "Ed25519", false, ["verify"]);
  const signed = bytesOf(encode.text(note.text));
  const isGood = await subtle.verify("Ed25519", imported, bytesOf(signature.slice(4)), signed);
  return isGood ? undefined : "has a signature that is not good";
}

/** Which lines can follow which; `fact` stands for the five kinds of fact. */
const follows = {
  start: "proof",
  proof: "version,book,revision,checkpoint",
  version: "book,revision,checkpoint",
  book: "fact,observation,seal,state,book,revision,checkpoint",
  fact: "fact,observation,seal",
  observation: "observation,seal",
  seal: "fact,observation,seal,state,book,revision,checkpoint",
  state: "state,allocation,open lot,book,revision,checkpoint",
  allocation: "allocation,open lot,book,revision,checkpoint",
  "open lot": "open lot,book,revision,checkpoint",
  revision: "revision,checkpoint",
  checkpoint: "",
};
const factTypes = new Set(["fill", "opening lot", "fee value", "void", "adjustment"]);

/** Checks a file line after line. What it remembers grows with the largest book and with the number of books. */
class Proof {
  at = 0; // number of the line
  stage = "start";
  found = 0;
  findings = [];
  counts = {};
  version = undefined;
  book = undefined;
  previousBook = "";
  heads = new Tree();
  totals = [0, 0, 0]; // facts, observations, seals
  lastState = new Map();
  states = new Map();
  revision = { number: "0", hash: zeros, stamp: "1970-01-01T00:00:00Z" };
  build = undefined; // the first of the version
  steps = 0; // of the version, since then
  publishes = []; // of the version, since its last step
  published = undefined; // version of the last publish
  note = undefined;
  keptNote = undefined;
  signature = "not checked: no key was given";
  kept = new Map();

  report(what, at = this.at) {
    const book = this.book ? `${this.book.portfolio} ${this.book.symbol}: ` : "";
    const text = `line ${at}: ${book}${what}`.replace(
      /[\p{C}\p{Zl}\p{Zp}]/gu, // what comes from the file must not steer a terminal
      (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
    );
    if (this.found++ < 20) this.findings.push(text);
  }
  /** Each value of a line that is not what follows from the lines before it. */
  compare(what, line, expected, at = this.at) {
    for (const [key, value] of Object.entries(expected))
      if (line[key] !== value)
        this.report(`${what}: ${key} is ${line[key] ?? "missing"}, not ${value ?? "left out"}`, at);
  }

  line(text) {
    this.at++;
    let line = {};
    try {
      line = JSON.parse(text);
    } catch {}
    const error = formError(line, text);
    if (error) return this.report(`this line ${error}`);
    const kind = factTypes.has(line.type) ? "fact" : line.type;
    if (!follows[this.stage].split(",").includes(kind))
      return this.report(`${line.type} can't stand behind ${this.stage}`);
    this.stage = kind;
    this.counts[line.type] = (this.counts[line.type] ?? 0) + 1;
    if (["book", "revision", "checkpoint"].includes(kind)) this.endBook();
    if (kind === "fact") this.fact(line);
    if (kind === "version") this.version = line;
    if (kind === "book") this.startBook(line);
    if (kind === "observation") this.observation(line);
    if (kind === "seal") this.seal(line);
    if (kind === "state") this.state(line);
    if (kind === "allocation" || kind === "open lot") this.row(line);
    if (kind === "revision") this.chain(line);
    if (kind === "checkpoint") this.checkpoint(line.note);
  }

  startBook(line) {
    const { portfolio, symbol, book_id } = line;
    const sealed = { number: "0", hash: zeros };
    const [facts, observations] = [new Tree(), new Tree()]; // of the next seal
    const states = [];
    const maps = { records: new Map(), voids: new Map() };
    this.book = {
      portfolio,
      symbol,
      book_id,
      line,
      at: this.at,
      leaves: [],
      facts,
      observations,
      told: 0,
      sealed,
      states,
      ...maps,
    };
    const [, ...parts] = /(.{8})(.{4})(.{4})(.{4})(.{12})/.exec(leaf("book", line)) ?? [];
    this.compare("book", line, { book_id: parts.join("-") });
    if (book_id <= this.previousBook) this.report("books are not in order of book_id, each once");
    if (!/.-./s.test(symbol)) this.report("the symbol does not name base and quote");
    this.previousBook = book_id;
    if (this.kept.get(book_id)?.last_seal === "0") this.kept.delete(book_id);
  }

  fact(line) {
    const book = this.book;
    const { type, venue, account, asset, revision } = line;
    const id = line.fill_id ?? line.key ?? line.entry_id ?? line.target_id;
    const entry = book.leaves.push(line.leaf);
    this.compare(`${type} ${id}`, line, { entry: String(entry), leaf: factLeaf(book, line) });
    book.facts.add(line.leaf);
    if (type === "adjustment") return;
    const name = (...parts) => JSON.stringify([venue, account, id, ...parts]);
    const fact = { type, entry, at: this.at, id, venue, account, revision, used: 0n, known: [] };
    let [key, known] = [name(type, revision), book.records];
    if (type === "void") {
      const isValue = line.target_kind === "fee value";
      if (isValue !== (asset !== undefined) || isValue !== (line.value_revision !== undefined))
        this.report(`void ${id}: asset and value_revision are for a fee value, and only for that`);
      const target = [line.target_kind, line.target_revision];
      [key, known] = [
        name(...target, ...(isValue ? [asset, line.value_revision] : [])),
        book.voids,
      ];
    } else if (type === "fee value") {
      key = name(type, line.fill_revision, asset, revision);
      Object.assign(fact, {
        fill: name("fill", line.fill_revision),
        asset,
        value: scaled(line.value) * one,
      });
    } else if (type === "opening lot") {
      const { quantity, opened_at, cost } = line;
      const moved = {
        side: "buy",
        quantity: scaled(quantity),
        price: 0n,
        third: cost === undefined ? ["cost"] : [],
      };
      Object.assign(fact, moved, {
        time: nanoseconds(opened_at),
        amount: scaled(cost ?? "0") * one,
      });
    } else Object.assign(fact, this.fill(line));
    if (known.has(key)) this.report(`${type} ${id} is there twice, or two voids name one fact`);
    known.set(key, fact);
  }
  /** What matching has to know of a fill: effective quantity, total fee in so far as the fill says it: numbers.md 3. */
  fill(line) {
    const fees = splitFees(this.book?.symbol, line.fees);
    const [price, base] = [scaled(line.price), scaled(fees.base_fee ?? "0")];
    const quantity = scaled(line.quantity) + (line.side === "buy" ? -base : base);
    if (quantity <= 0n) this.report(`fill ${line.fill_id}: its effective quantity is not above 0`);
    const amount = scaled(fees.quote_fee ?? "0") * one + base * price;
    const sequence = line.sequence === undefined ? undefined : BigInt(line.sequence);
    const third = fees.fees.map(({ asset }) => asset);
    return {
      side: line.side,
      time: nanoseconds(line.executed_at),
      quantity,
      price,
      amount,
      sequence,
      third,
    };
  }

  observation(line) {
    const book = this.book;
    const { outcome, entry, told } = line;
    this.compare("observation", line, { number: String(++book.told) });
    const fact = book.leaves[Number(entry) - 1];
    const isAbout = entry !== undefined;
    if (isAbout && fact === undefined)
      this.report(`observation ${line.number}: entry ${entry} is not recorded by then`);
    if (outcome !== "decision" && isAbout !== (outcome !== "waiting"))
      this.report(`observation ${line.number}: entry goes with every outcome but waiting`);
    if (told !== undefined && (outcome === "recorded" || outcome === "decision"))
      this.report(`observation ${line.number}: told does not go with ${outcome}`);
    book.observations.add(leaf("observation", { ...line, fact }));
  }

  seal(line) {
    const book = this.book;
    const batch = leaf("batch", line);
    this.compare(`seal ${line.number}`, line, {
      number: String(Number(book.sealed.number) + 1),
      first_entry: String(book.leaves.length - book.facts.count + 1),
      fact_count: String(book.facts.count),
      fact_root: book.facts.root(),
      first_observation: String(book.told - book.observations.count + 1),
      observation_count: String(book.observations.count),
      observation_root: book.observations.root(),
      hash: leaf("seal", { ...line, book_id: book.book_id, previous: book.sealed.hash, batch }),
    });
    Object.assign(book, { sealed: line, facts: new Tree(), observations: new Tree() });
    const kept = this.kept.get(book.book_id);
    if (kept?.last_seal !== line.number) return;
    const now = {
      head: line.hash,
      last_entry: String(book.leaves.length),
      last_observation: String(book.told),
    };
    this.compare(`seal ${line.number}, against the checkpoint`, now, {
      head: kept.head,
      last_entry: kept.last_entry,
      last_observation: kept.last_observation,
    });
    this.kept.delete(book.book_id);
  }

  state(line) {
    const book = this.book;
    const [first, second] = book.states;
    if (!this.version) this.report("a state, but no published version");
    if (second || (first && Number(first.revision) >= Number(line.revision)))
      this.report("a book has one state, or two in order of revision");
    if (Number(line.computed_entry) > book.leaves.length)
      this.report("computed_entry is not recorded");
    if (first) first.isFirst = true;
    const state = { ...line, book_id: book.book_id, at: this.at };
    book.states.push(state);
    this.lastState.set(book.book_id, state);
    this.states.set(line.revision, [...(this.states.get(line.revision) ?? []), state]);
  }

  /** Facts beside each other, what stands, and what follows from it; the rows come out one by one. */
  conclude() {
    const book = this.book;
    const computed = Number(book.states.at(-1)?.computed_entry ?? 0);
    for (const [key, { id, at, entry }] of book.voids) {
      const target = book.records.get(key);
      if (!target) this.report(`void ${id} names no fact of the book`, at);
      else if (entry <= computed) target.isVoided = true;
    }
    const all = [...book.records.values()];
    const stands = (fact) => fact.entry <= computed && !fact.isVoided;
    for (const value of all.filter((fact) => fact.type === "fee value")) {
      const fill = book.records.get(value.fill);
      if (!fill?.third.includes(value.asset))
        this.report(`fee value ${value.id} names no fee of a fill`, value.at);
      else if (stands(value) && stands(fill)) {
        if (fill.known.includes(value.asset))
          this.report(`fee value ${value.id}: two count for one fee`, value.at);
        fill.known.push(value.asset);
        fill.amount += value.value;
      }
    }
    const standing = all.filter(
      (fact) => fact.type !== "fee value" && stands(fact) && fact.quantity > 0n,
    );
    for (const fact of standing) fact.isUnknown = fact.known.length < fact.third.length;
    match(standing, this.version?.scope);
    book.days = new Map();
    return rowsOf(standing, book.days);
  }

  row(line) {
    const book = this.book;
    if (book.isOut) return; // out of step: what comes next would all be found
    book.rows ??= this.conclude();
    const expected = book.rows.next().value ?? { type: "another line" };
    const [found, wanted] = [line, expected].map((row) =>
      [row.type, row.close_entry, row.slice, row.open_entry]
        .filter((part) => part !== undefined)
        .join(" "),
    );
    book.isOut = found !== wanted;
    if (book.isOut) this.report(`${found} where ${wanted} has to stand`);
    else this.compare(found, line, expected);
  }

  endBook() {
    const { book } = this;
    if (!book) return;
    book.rows ??= this.conclude();
    const next = book.rows.next();
    if (!next.done && !book.isOut)
      this.report(
        `rows are missing from ${next.value.type} of entry ${next.value.close_entry ?? next.value.open_entry} on`,
      );
    while (!book.rows.next().done); // so that the digest is of all rows
    const state = book.states.at(-1);
    if (state) this.compare("state", state, { digest: digestOf(book, book.days) }, state.at);
    const counts = [book.leaves.length, book.told, Number(book.sealed.number)];
    const [last_entry, last_observation, last_seal] = counts.map(String);
    this.compare(
      "book",
      book.line,
      { last_entry, last_observation, last_seal, head: book.sealed.hash },
      book.at,
    );
    this.heads.add(leaf("checkpoint book", book.line));
    this.totals = this.totals.map((total, at) => total + counts[at]);
    this.book = undefined;
  }

  /** Revisions: each is the next link; those of the published version also say what it took in. */
  chain(line) {
    const name = `revision ${line.number}`;
    const { previous, ...values } = { ...line, previous: this.revision };
    const hash = leaf("revision", {
      ...values,
      previous: previous.hash,
      digest: line.digest ?? zeros,
    });
    this.compare(name, line, { number: String(Number(previous.number) + 1), hash });
    if (encode.micros(line.stamp) < encode.micros(previous.stamp))
      this.report(`${name}: its stamp is before the last one`);
    if (line.digest === zeros) this.report(`${name}: a digest of zeros is left out`); // it would have the same hash
    if (line.kind !== "step") this.compare(name, line, { inputs: nothing });
    if (line.kind === "publish") this.published = line.version;
    if (line.version === this.version?.version && line.kind === "step") this.step(line, name);
    if (line.version === this.version?.version && line.kind === "publish") {
      if (this.steps === 0) this.compare(name, line, { digest: this.build?.digest });
      this.publishes.push({ ...line, at: this.at });
    }
    if (line.number === this.keptNote?.revision)
      this.compare(
        `${name}, against the checkpoint`,
        { hash: base64(line.hash) },
        { hash: this.keptNote?.revision_hash },
      );
    this.revision = line;
  }
  step(line, name) {
    const states = this.states.get(line.number) ?? [];
    this.states.delete(line.number);
    this.publishes = [];
    const inputs = hashOf(
      states.map((state) => state.book_id + wide(state.computed_entry)).join(""),
    );
    if (line.book_id === undefined) {
      if (this.build) this.report(`${name} is a second first build of the version`);
      this.build = line;
      return this.compare(name, line, { digest: this.versionDigest(states), inputs });
    }
    this.steps++;
    const last = this.lastState.get(line.book_id);
    if (!last || Number(line.number) > Number(last.revision))
      this.report(`${name} comes after the last state of its book`);
    if (states.some((state) => state.book_id !== line.book_id || state.isFirst))
      this.report(`${name} is not about the book whose state names it, or not its first build`);
    else if (states.length > 0) this.compare(name, line, { digest: states[0].digest, inputs });
  }
  versionDigest(states) {
    const books = states
      .filter((state) => state.digest)
      .map((state) => state.book_id + state.digest);
    return leaf("version digest", { ...this.version, books: books.join("") });
  }

  checkpoint(text) {
    this.note = readNote(text);
    if (!this.note) return this.report("the note has not the shape of a checkpoint");
    const [sumOfFacts, observations, seals] = this.totals.map(String);
    const { number, hash } = this.revision;
    const counts = { books: String(this.heads.count), facts: sumOfFacts, observations, seals };
    const chained = { revision: number, revision_hash: base64(hash) };
    this.compare("checkpoint", this.note, {
      ...counts,
      root: base64(this.heads.root()),
      ...chained,
    });
  }

  async finish(options) {
    for (const { at, digest } of this.publishes)
      if (digest !== this.version?.digest)
        this.report("the published digest is not that of the version line", at);
    for (const { at } of [...this.states.values()].flat())
      this.report("the state names no step of the version", at);
    if (this.version && !this.build)
      this.report("the version has no first build among the revisions");
    if (this.published !== this.version?.version)
      this.report("the version is not that of the last publish");
    if (this.version) {
      const digest = this.versionDigest([...this.lastState.values()]);
      this.compare("version", this.version, { digest }, 2);
    }
    for (const { portfolio, symbol } of this.kept.values())
      this.report(
        `book ${portfolio} ${symbol} does not reach as far as in the checkpoint kept elsewhere`,
      );
    if (this.keptNote && Number(this.keptNote.revision) > Number(this.revision.number))
      this.report("the revision of the checkpoint kept elsewhere is not there");
    if (!this.note) return;
    if (this.keptNote && options.books === undefined) {
      const { books, root, facts, observations, seals, revision, revision_hash } = this.keptNote;
      const all = { books, root, facts, observations, seals, revision, revision_hash };
      this.compare("checkpoint, against the one kept elsewhere", this.note, all);
    }
    if (this.note.signature === undefined) this.signature = "none";
    if (options.key === undefined || (this.keptNote && this.note.signature === undefined)) return;
    const error = await signatureError(this.note, options.key);
    if (error) this.report(`the file's own note ${error}`);
    this.signature = error ?? "good for the key";
  }
}

/** Reads a checkpoint kept elsewhere into a check that is about to start: proof.md 5. */
async function expectCheckpoint(proof, options) {
  const note = readNote(options.checkpoint ?? "");
  if (!note) return proof.report("the checkpoint kept elsewhere has not the shape of one");
  const error = await signatureError(note, options.key ?? "");
  if (error) proof.report(`the checkpoint kept elsewhere ${error}`);
  proof.keptNote = note;
  if (options.books === undefined) return;
  const heads = new Tree();
  const sums = { facts: 0, observations: 0, seals: 0 };
  for (const text of options.books.split("\n").slice(0, -1)) {
    let book = {};
    try {
      book = JSON.parse(text);
    } catch {}
    const fault = formError({ type: "book", ...book }, text.replace("{", '{"type":"book",'));
    if (fault) return proof.report(`line ${heads.count + 1} of the list of books ${fault}`);
    heads.add(leaf("checkpoint book", book));
    sums.facts += Number(book.last_entry);
    sums.observations += Number(book.last_observation);
    sums.seals += Number(book.last_seal);
    proof.kept.set(book.book_id, book);
  }
  const counts = Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, String(sum)]));
  const expected = { ...counts, books: String(heads.count), root: base64(heads.root()) };
  proof.compare("the checkpoint kept elsewhere, by its list of books", note, expected);
}

/**
 * Checks a proof file. It throws where the options are no use: a key that is none, signatures that can't be checked.
 * @param {AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>} chunks the file, in pieces of any size
 * @param {Options} [options]
 * @returns {Promise<Result>}
 */
export async function verifyProof(chunks, options = {}) {
  const proof = new Proof();
  if (options.checkpoint !== undefined) await expectCheckpoint(proof, options);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let rest = "";
  for await (const chunk of chunks) {
    let text = chunk;
    try {
      if (typeof chunk !== "string") text = decoder.decode(chunk, { stream: true });
    } catch {
      proof.report("what follows is not UTF-8");
      break;
    }
    const lines = (rest + text).split("\n");
    rest = lines.pop();
    for (const line of lines) proof.line(line);
  }
  // A last character that was cut off would be left in the decoder; the line that ends there was cut off, too.
  if (rest !== "" || proof.stage !== "checkpoint")
    proof.report("the file was cut off behind this line");
  await proof.finish(options);
  const { found, findings, counts, signature, keptNote } = proof;
  const extended = keptNote ? `compared with that of ${keptNote.time}` : "none was given";
  const notes = { "own signature": signature, "checkpoint kept elsewhere": extended };
  return { ok: found === 0, found, findings, counts, notes };
}

async function main(given) {
  const { createReadStream, existsSync, readFileSync } = await import("node:fs");
  const { parseArgs } = await import("node:util");
  const option = { type: "string" };
  const { values, positionals } = parseArgs({
    args: given,
    allowPositionals: true,
    options: { key: option, checkpoint: option, books: option },
  });
  if (
    positionals.length !== 1 ||
    (values.checkpoint && !values.key) ||
    (values.books && !values.checkpoint)
  )
    throw new Error(
      "usage: verify-proof.mjs FILE [--key public.pem] [--checkpoint note [--books list]], --checkpoint with --key",
    );
  if (values.checkpoint && !values.books && existsSync(`${values.checkpoint}.books`))
    values.books = `${values.checkpoint}.books`;
  const options = Object.fromEntries(
    Object.entries(values).map(([name, path]) => [name, readFileSync(path, "utf8")]),
  );
  const result = await verifyProof(createReadStream(positionals[0]), options);
  const rows = Object.entries(result.counts).map(([name, count]) => `${name.padEnd(28)}${count}\n`);
  for (const [name, text] of Object.entries(result.notes)) rows.push(`${name.padEnd(28)}${text}\n`);
  process.stdout.write(result.ok ? `${rows.join("")}ok\n` : `${result.findings.join("\n")}\n`);
  if (result.found > result.findings.length)
    process.stdout.write(`and ${result.found - result.findings.length} more\n`);
  return result.ok ? 0 : 1;
}

// Run as a command, and not imported by a page or a program.
if (globalThis.process?.argv?.[1]?.endsWith("verify-proof.mjs"))
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
