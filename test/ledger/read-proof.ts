/**
 * Reads a proof file as docs/spec/proof.md says and throws at the first thing in it that does not follow. It
 * shares no code with what writes the file: records are encoded by scripts/vectors, conclusions come from the
 * naive model.
 */
import { type Bytes, encodeRecord, identity, root, sha256 } from "../../scripts/vectors/encode.ts";
import type { Fact } from "../../src/core/fact.ts";
import { naiveModel } from "../../src/testing/naive-model.ts";

type Line = Readonly<Record<string, string>>;

const keys: Readonly<Record<string, string>> = {
  proof: "format format_version",
  version: "version method scope fee_policy engine_version digest",
  book: "book_id portfolio symbol last_entry last_observation last_seal head",
  fill:
    "entry venue account fill_id revision executed_at side quantity price fees sequence? order_id? " +
    "strategy? trade_id? quote_size? grain? leaf",
  "opening lot": "entry venue account key revision opened_at quantity cost? author note leaf",
  "fee value": "entry venue account fill_id fill_revision asset revision value source leaf",
  void:
    "entry venue account target_kind target_id target_revision asset? value_revision? author reason " +
    "leaf",
  adjustment:
    "entry venue account entry_id trade_type trade_id? executed_at side? quantity? price? fees " +
    "order_id? leaf",
  observation: "number outcome entry? telling told?",
  seal:
    "number batch_id recorded_at source author inputs first_entry fact_count fact_root " +
    "first_observation observation_count observation_root hash",
  state: "revision computed_entry digest?",
  allocation:
    "close_entry slice open_entry? quantity open_fee? close_fee cost_basis? proceeds pnl? missing hash",
  "open lot": "open_entry quantity open_fee cost_basis? missing hash",
  revision: "number stamp kind version book_id? digest? inputs hash",
  checkpoint: "note",
};
const factKinds = new Set(["fill", "opening lot", "fee value", "void", "adjustment"]);

class ProofError extends Error {}

function same(found: unknown, expected: unknown, what: string): void {
  if (found !== expected)
    throw new ProofError(`${what}: ${String(found)}, not ${String(expected)}`);
}

function parse(text: string): Line {
  const line = JSON.parse(text) as Line;
  same(JSON.stringify(line), text, "a line is written otherwise");
  const allowed = `type ${keys[line["type"]!] ?? "-"}`.split(" ");
  const given = Object.keys(line);
  const wanted = allowed.filter((key) => !key.endsWith("?") || given.includes(key.slice(0, -1)));
  same(given.join(" "), wanted.map((key) => key.replace("?", "")).join(" "), "the keys");
  for (const [key, value] of Object.entries(line))
    if (key !== "fees") same(typeof value, "string", key);
  return line;
}

const leaf = (kind: string, fields: Readonly<Record<string, unknown>>): Bytes =>
  sha256(Buffer.of(0), encodeRecord(kind, fields));
const hex = (bytes: Buffer): string => bytes.toString("hex");
const zeros = "0".repeat(64);
const rootOf = (leaves: readonly string[]): string =>
  hex(root(leaves.map((each) => Buffer.from(each, "hex"))));
const sorted = (lines: readonly string[]): string => lines.toSorted().join("\n");

/** Nanoseconds since 1970. */
function instant(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const [, seconds, , decimals = ""] = /^(.{19})(\.((?:\d{3}){1,3}))?Z$/.exec(text)!;
  same(decimals.endsWith("000"), false, "a time has decimals for nothing");
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(decimals.padEnd(9, "0"));
}

/** Our names of what the lines name by those of files. */
const camel = (name: string): string =>
  name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function factOf({ portfolio, symbol }: Line, line: Line): Fact {
  const named = Object.entries(line).map(([name, value]) => {
    if (name.endsWith("_at")) return [camel(name), instant(value)];
    return [camel(name), name.endsWith("revision") ? Number(value) : value];
  });
  const fields = Object.fromEntries(named) as Record<string, unknown>;
  return { kind: line["type"], portfolio, symbol, ...fields } as unknown as Fact;
}

interface Taken {
  readonly fact: Fact;
  readonly leaf: string;
}

interface Row {
  readonly at: bigint;
  readonly hash: string;
}

const dayOf = (row: Row): bigint => row.at / 86_400_000_000_000n;

/** The hashes of a day's rows in their order; undefined of none. */
function hashesOf(rows: readonly Row[], day: bigint): string[] | undefined {
  const found = rows.filter((row) => dayOf(row) === day);
  if (found.length === 0) return undefined;
  const inOrder = found.toSorted((a, b) =>
    a.at === b.at ? (a.hash < b.hash ? -1 : 1) : a.at < b.at ? -1 : 1,
  );
  return inOrder.map((row) => row.hash);
}

interface State {
  readonly bookId: string;
  readonly computedEntry: string;
  readonly digest: string | undefined;
}

/** One book as it goes by. */
class Book {
  readonly line: Line;
  readonly facts: Taken[] = [];
  readonly #observations: string[] = [];
  #sealed = { facts: 0, observations: 0, seals: 0 };
  head = zeros;
  state: State | undefined;
  readonly #closes: Row[] = [];
  readonly #lots: Row[] = [];
  readonly #texts = { allocations: [] as string[], openLots: [] as string[] };

  constructor(line: Line) {
    this.line = line;
    const id = hex(leaf("book", line)).slice(0, 32);
    same(line["book_id"]!.replaceAll("-", ""), id, "the book id");
  }

  addFact(line: Line): void {
    same(line["entry"], String(this.facts.length + 1), "the entry");
    const fact = factOf(this.line, line);
    const hash = hex(leaf(fact.kind, fact as unknown as Record<string, unknown>));
    same(line["leaf"], hash, "a leaf");
    this.facts.push({ fact, leaf: hash });
  }

  addObservation({ number, entry, telling, outcome, told }: Line): void {
    same(number, String(this.#observations.length + 1), "the number of an observation");
    const fact = entry === undefined ? undefined : this.facts[Number(entry) - 1]!.leaf;
    this.#observations.push(hex(leaf("observation", { telling, outcome, fact, told })));
  }

  addSeal(line: Line): void {
    const recordedAt = instant(line["recorded_at"])! / 1000n;
    const { source, author, inputs, batch_id: batchId } = line;
    const batch = hex(leaf("batch", { batchId, recordedAt, source, author, inputs }));
    const facts = this.facts.slice(this.#sealed.facts).map((each) => each.leaf);
    const observations = this.#observations.slice(this.#sealed.observations);
    const seal = {
      number: String((this.#sealed.seals += 1)),
      first_entry: String(this.#sealed.facts + 1),
      fact_count: String(facts.length),
      fact_root: rootOf(facts),
      first_observation: String(this.#sealed.observations + 1),
      observation_count: String(observations.length),
      observation_root: rootOf(observations),
    };
    for (const [name, value] of Object.entries(seal)) same(line[name], value, `the seal's ${name}`);
    const fields = Object.entries(seal).map(([name, value]) => [camel(name), value]);
    const chained = { bookId: this.line["book_id"], previous: this.head, batch };
    this.head = hex(leaf("seal", { ...chained, ...Object.fromEntries(fields) }));
    same(line["hash"], this.head, "the seal's hash");
    this.#sealed.facts = this.facts.length;
    this.#sealed.observations = this.#observations.length;
  }

  #named(entry: string | undefined): { name: string; bytes: string; at: bigint } | undefined {
    if (entry === undefined) return undefined;
    const { fact } = this.facts[Number(entry) - 1]!;
    if (fact.kind !== "fill" && fact.kind !== "opening lot")
      throw new ProofError(`a row of a ${fact.kind}`);
    const { venue, account, revision } = fact;
    const [id, at] =
      fact.kind === "fill" ? [fact.fillId, fact.executedAt] : [fact.key, fact.openedAt];
    const kind = fact.kind === "fill" ? "fill" : "lot";
    return {
      name: `${kind} ${venue}/${account}/${id}/${revision}`,
      bytes: identity(fact.kind, venue, account, id, revision),
      at,
    };
  }

  addAllocation(line: Line, sliceBefore: number): void {
    same(line["slice"], String(sliceBefore + 1), "the slice");
    const close = this.#named(line["close_entry"])!;
    const open = this.#named(line["open_entry"]);
    const { quantity, proceeds, missing, pnl, open_fee: openShare, close_fee: closeShare } = line;
    const costBasis = line["cost_basis"];
    const times = { closedAt: close.at, openedAt: open?.at };
    const amounts = { quantity, openShare, closeShare, costBasis, proceeds, pnl };
    const hash = hex(
      leaf("allocation", {
        close: close.bytes,
        open: open?.bytes,
        ...times,
        ...amounts,
        missing: Number(missing),
      }),
    );
    same(line["hash"], hash, "the hash of an allocation");
    this.#closes.push({ at: close.at, hash });
    const cells = [quantity, openShare, closeShare, costBasis, proceeds, "*", pnl, missing];
    this.#texts.allocations.push(
      [close.name, open?.name, ...cells].map((cell) => cell ?? "-").join(" "),
    );
  }

  addOpenLot(line: Line): void {
    const open = this.#named(line["open_entry"])!;
    const { quantity, missing, open_fee: openShare, cost_basis: costBasis } = line;
    const fields = { open: open.bytes, openedAt: open.at, quantity, openShare, costBasis };
    const hash = hex(leaf("open lot", { ...fields, missing: Number(missing) }));
    same(line["hash"], hash, "the hash of an open lot");
    this.#lots.push({ at: open.at, hash });
    const cells = [open.name, quantity, openShare, costBasis, missing];
    this.#texts.openLots.push(cells.map((cell) => cell ?? "-").join(" "));
  }

  finish(version: Line | undefined): void {
    const { line } = this;
    same(line["last_entry"], String(this.#sealed.facts), "the last entry");
    same(this.facts.length, this.#sealed.facts, "facts behind the last seal");
    same(line["last_observation"], String(this.#observations.length), "the last observation");
    same(this.#observations.length, this.#sealed.observations, "observations behind the last seal");
    same(line["last_seal"], String(this.#sealed.seals), "the last seal");
    same(line["head"], this.head, "the head");
    if (version === undefined || this.state === undefined) {
      same(this.#closes.length + this.#lots.length, 0, "rows without a state");
      return;
    }
    same(this.#digest(), this.state.digest, "the digest of the book");
    const taken = this.facts.slice(0, Number(this.state.computedEntry));
    same(taken.length, Number(this.state.computedEntry), "the computed entry");
    const scope = version["scope"] as "portfolio" | "account";
    const model = naiveModel(
      taken.map(({ fact }) => fact),
      scope,
    );
    // Net proceeds are no column: they are the third word from the end.
    const expected = model.allocations.map((text) => text.replace(/\S+( \S+ \S+)$/, "*$1"));
    same(sorted(this.#texts.allocations), sorted(expected), "the allocations");
    same(sorted(this.#texts.openLots), sorted(model.openLots), "the open lots");
  }

  #digest(): string | undefined {
    const days = [...new Set([...this.#closes, ...this.#lots].map(dayOf))]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((day) => {
        const lists = {
          allocations: hashesOf(this.#closes, day),
          openLots: hashesOf(this.#lots, day),
        };
        return { day, digest: hex(leaf("day", lists)) };
      });
    if (days.length === 0) return undefined;
    return hex(leaf("book digest", { ...this.line, days }));
  }
}

/** What a proof file says, once all of it follows. */
export interface ReadProof {
  readonly lines: number;
  readonly digest: string | undefined;
  readonly note: string;
  readonly types: ReadonlySet<string>;
}

const inputsOf = (states: readonly State[]): string =>
  hex(
    sha256(
      ...states.flatMap(({ bookId, computedEntry }) => [
        Buffer.from(bookId.replaceAll("-", ""), "hex"),
        Buffer.from(BigInt(computedEntry).toString(16).padStart(16, "0"), "hex"),
      ]),
    ),
  );

class Ledger {
  version: Line | undefined;
  readonly books: Book[] = [];
  /** By revision. */
  readonly #states = new Map<string, State[]>();
  readonly #revisions: Line[] = [];
  #last = { hash: zeros, stamp: 0n };

  addState(book: Book, line: Line): void {
    const { revision, computed_entry: computedEntry, digest } = line;
    book.state = { bookId: book.line["book_id"]!, computedEntry: computedEntry!, digest };
    this.#states.set(revision!, [...(this.#states.get(revision!) ?? []), book.state]);
  }

  addRevision(line: Line): void {
    same(line["number"], String(this.#revisions.length + 1), "the revision");
    const stamp = instant(line["stamp"])!;
    same(stamp >= this.#last.stamp, true, "the stamp went back");
    const { number, kind, version, book_id: bookId, inputs } = line;
    const fields = { number, previous: this.#last.hash, stamp: stamp / 1000n, kind, version };
    const hash = hex(
      leaf("revision", { ...fields, bookId, digest: line["digest"] ?? zeros, inputs }),
    );
    same(line["hash"], hash, "the revision's hash");
    this.#last = { hash, stamp };
    this.#revisions.push(line);
  }

  #digest(states: readonly State[]): string {
    const { method, scope, fee_policy: feePolicy, engine_version: engineVersion } = this.version!;
    const books = states.filter(({ digest }) => digest !== undefined);
    return hex(leaf("version digest", { method, scope, feePolicy, engineVersion, books }));
  }

  /** That the current states are those of the version's last steps. */
  finishRevisions(): void {
    const published = this.#revisions.findLast(({ kind }) => kind === "publish");
    same(published?.["version"], this.version?.["version"], "the published version");
    if (this.version === undefined) return;
    const steps = this.#revisions.filter(
      ({ kind, version }) => kind === "step" && version === this.version!["version"],
    );
    const lastOf = new Map(steps.map((step) => [step["book_id"], step["number"]]));
    const builds = steps.filter((step) => step["book_id"] === undefined);
    same(builds.length, 1, "the first builds");
    // Of an empty ledger, a build has no state.
    const built = this.#states.get(builds[0]!["number"]!) ?? [];
    for (const [revision, states] of [...this.#states, [builds[0]!["number"]!, built] as const]) {
      const step = steps.find(({ number }) => number === revision)!;
      same(step["inputs"], inputsOf(states), "the inputs of a step");
      const [state] = states;
      if (step["book_id"] === undefined) {
        same(step["digest"], this.#digest(states), "the digest of the first build");
        continue;
      }
      same(step["book_id"], state!.bookId, "the book of a step");
      same(step["digest"], state!.digest, "the digest of a step");
      same(lastOf.get(state!.bookId), revision, "a step after the current state");
    }
    const current = this.books.flatMap(({ state }) => (state === undefined ? [] : [state]));
    const stepped = new Set([...this.#states.values()].flat().map(({ bookId }) => bookId));
    for (const book of lastOf.keys())
      if (book !== undefined) same(stepped.has(book), true, "a step of a book without state");
    same(this.version["digest"], this.#digest(current), "the digest of the version");
    if (Number(published!["number"]) > Number(steps.at(-1)!["number"]))
      same(published!["digest"], this.version["digest"], "the digest that was published");
  }

  /** The note's text as it follows, but for its time. */
  checkNote(note: string): void {
    const text = note.split("\n\n")[0]!;
    const sum = (name: string): bigint =>
      this.books.reduce((total, { line }) => total + BigInt(line[name]!), 0n);
    const heads = this.books.map(({ line, head }) => ({
      bookId: line["book_id"],
      lastEntry: line["last_entry"],
      lastObservation: line["last_observation"],
      lastSeal: line["last_seal"],
      head,
    }));
    const expected = [
      "lotbook-checkpoint",
      this.books.length,
      root(heads.map((head) => leaf("checkpoint book", head))).toString("base64"),
      "format 1",
      "time *",
      `facts ${sum("last_entry")}`,
      `observations ${sum("last_observation")}`,
      `seals ${sum("last_seal")}`,
      `revision ${this.#revisions.length} ${Buffer.from(this.#last.hash, "hex").toString("base64")}`,
    ].join("\n");
    const found = text.trimEnd().replace(/^time .*Z$/m, "time *");
    same(found, expected, "the note");
  }
}

/** Throws where something does not follow from the rest. */
export function readProof(text: string): ReadProof {
  same(text.at(-1), "\n", "the end of the file");
  const lines = text.slice(0, -1).split("\n").map(parse);
  const ledger = new Ledger();
  let book: Book | undefined;
  let before: Line | undefined;
  same(
    JSON.stringify(lines[0]),
    '{"type":"proof","format":"lotbook-proof","format_version":"1"}',
    "",
  );
  for (const [index, line] of lines.entries()) {
    const type = line["type"]!;
    same(type === "proof", index === 0, "the place of the line of the file");
    if (type === "version") same(index, 1, "the place of the line of the version");
    same(type === "checkpoint", index === lines.length - 1, "the place of the last line");
    if (type === "proof") continue;
    if (["book", "revision", "checkpoint"].includes(type)) {
      book?.finish(ledger.version);
      book = undefined;
    }
    if (type === "version") ledger.version = line;
    else if (type === "book") ledger.books.push((book = new Book(line)));
    else if (factKinds.has(type)) book!.addFact(line);
    else if (type === "observation") book!.addObservation(line);
    else if (type === "seal") book!.addSeal(line);
    else if (type === "state") ledger.addState(book!, line);
    else if (type === "allocation") {
      const slice = before?.["close_entry"] === line["close_entry"] ? Number(before!["slice"]) : 0;
      book!.addAllocation(line, slice);
    } else if (type === "open lot") book!.addOpenLot(line);
    else if (type === "revision") ledger.addRevision(line);
    before = line;
  }
  const ids = ledger.books.map(({ line }) => line["book_id"]!);
  same(ids.join(), [...new Set(ids)].toSorted().join(), "the order of books");
  ledger.finishRevisions();
  const note = before!["note"]!;
  ledger.checkNote(note);
  const types = new Set(lines.map((line) => line["type"]!));
  return { lines: lines.length, digest: ledger.version?.["digest"], note, types };
}
