/**
 * Cuts saved List Fills responses into the exact text of each fill, however long the file is: pages one
 * after another, one a line, in an array, or an array of bare fills. What stands around the fills of a page
 * is its envelope (`{"fills":[],"cursor":…}` without the fills), which is checked as JSON when the page
 * ends.
 */
import { badInput, longestElement } from "../encoding.ts";
import { deepest } from "../json.ts";

/** A fill as it stands in the file, or the envelope of a page that has ended. */
export interface Cut {
  readonly what: "fill" | "item" | "envelope";
  readonly row: number;
  readonly raw: string;
}

const quote = 34;
const backslash = 92;

export class FillCutter {
  readonly #file: string;
  #cut: Cut | undefined;
  #text = "";
  /** Where the next character to look at stands, and where what is being cut begins. */
  #at = 0;
  #start = 0;
  /**
   * Between values, in the outer array, in an item (a page or a bare fill), among a page's fills, in one of
   * them.
   */
  #mode: "values" | "array" | "item" | "fills" | "element" = "values";
  #outer: "values" | "array" = "values";
  #separator: "none" | "needed" | "given" = "none";
  #depth = 0;
  #inString = false;
  #escaped = false;
  #key = "";
  #keyStart = -1;
  #keyNext = false;
  #isPage = false;
  #envelope = "";
  #fills = 0;
  #values = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** What the text completes; to be taken before the next text is pushed. */
  *push(chunk: string): Generator<Cut> {
    const keepFrom =
      this.#mode === "item" || this.#mode === "element"
        ? Math.min(this.#start, this.#text.length)
        : this.#text.length;
    this.#text = this.#text.slice(keepFrom) + chunk;
    this.#at -= keepFrom;
    this.#start -= keepFrom;
    this.#keyStart -= keepFrom;
    while (this.#at < this.#text.length) {
      if (this.#mode === "element") this.#scanElement();
      else if (this.#mode === "item") this.#scanItem();
      else this.#between();
      if (this.#cut === undefined) continue;
      yield this.#cut;
      this.#cut = undefined;
    }
    const open = this.#mode === "item" || this.#mode === "element";
    if (open) this.#refuseLong(this.#text.length - this.#start + this.#envelope.length);
  }

  #refuseLong(length: number): void {
    if (length <= longestElement) return;
    throw this.#bad("is longer than 1 MiB", "no fill is; this is no saved response of List Fills");
  }

  end(): void {
    if (this.#mode !== "values")
      throw this.#bad(
        "the file ends in the middle",
        "it is cut off; save the whole response again",
      );
    if (this.#values === 0)
      throw this.#bad("the file holds no response", "save the body of the List Fills response");
  }

  #bad(message: string, advice: string): Error {
    return badInput(this.#file, this.#fills + 1, message, advice);
  }

  #between(): void {
    const code = this.#text.charCodeAt(this.#at);
    this.#at += 1;
    if (code === 32 || code === 10 || code === 13 || code === 9) return;
    const listed = this.#mode !== "values";
    const expected = listed ? "a fill" : "a page of fills";
    if (code === 44 && listed && this.#separator === "needed") this.#separator = "given";
    else if (code === 93 && listed && this.#separator !== "given") this.#closeList();
    else if (code === 123 && this.#separator !== "needed") this.#openObject();
    else if (code === 91 && !listed) {
      this.#values += 1;
      this.#mode = "array";
      this.#separator = "none";
    } else
      throw this.#bad(
        `has ${JSON.stringify(this.#text.charAt(this.#at - 1))} where ${expected} should be`,
        "this is no JSON as Coinbase writes it; save the response again",
      );
  }

  #openObject(): void {
    this.#start = this.#at - 1;
    this.#depth = 1;
    if (this.#mode === "fills") {
      this.#mode = "element";
      return;
    }
    this.#values += 1;
    this.#outer = this.#mode === "array" ? "array" : "values";
    this.#mode = "item";
    this.#keyNext = true;
    this.#isPage = false;
    this.#envelope = "";
    this.#key = "";
  }

  #closeList(): void {
    if (this.#mode === "array") {
      this.#mode = "values";
      this.#separator = "none";
      return;
    }
    this.#mode = "item";
    this.#start = this.#at - 1;
    this.#depth = 1;
    this.#key = "";
  }

  /** Moves behind the string that is open; false where the text ends before it does. */
  #skipString(): boolean {
    const text = this.#text;
    for (; this.#at < text.length; this.#at += 1) {
      if (this.#escaped) this.#escaped = false;
      else {
        const code = text.charCodeAt(this.#at);
        if (code === backslash) this.#escaped = true;
        else if (code === quote) {
          this.#at += 1;
          this.#inString = false;
          return true;
        }
      }
    }
    return false;
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > deepest)
      throw this.#bad(`is nested more than ${deepest} deep`, "this is no response of List Fills");
  }

  #scanElement(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      if (this.#inString && !this.#skipString()) return;
      if (this.#at >= text.length) return;
      const code = text.charCodeAt(this.#at);
      this.#at += 1;
      if (code === quote) this.#inString = true;
      else if (code === 123 || code === 91) this.#deeper();
      else if (code === 125 || code === 93) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        this.#complete("fill", text.slice(this.#start, this.#at));
        this.#mode = "fills";
        this.#separator = "needed";
        return;
      }
    }
  }

  #scanItem(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      if (this.#inString) {
        if (!this.#skipString()) return;
        if (this.#keyStart >= 0) this.#key = text.slice(this.#keyStart + 1, this.#at - 1);
        this.#keyStart = -1;
        continue;
      }
      const code = text.charCodeAt(this.#at);
      this.#at += 1;
      if (code === quote) {
        this.#inString = true;
        this.#keyStart = this.#keyNext && this.#depth === 1 ? this.#at - 1 : -1;
        this.#keyNext = false;
      } else if (code === 44 && this.#depth === 1) {
        this.#keyNext = true;
        this.#key = "";
      } else if (code === 91 && this.#depth === 1 && this.#key === "fills") {
        this.#envelope += text.slice(this.#start, this.#at);
        this.#isPage = true;
        this.#mode = "fills";
        this.#separator = "none";
        return;
      } else if (code === 123 || code === 91) this.#deeper();
      else if (code === 125 || code === 93) {
        this.#depth -= 1;
        if (this.#depth > 0) continue;
        this.#closeItem(text.slice(this.#start, this.#at));
        return;
      }
    }
  }

  #closeItem(rest: string): void {
    this.#complete(this.#isPage ? "envelope" : "item", this.#envelope + rest);
    this.#envelope = "";
    this.#mode = this.#outer;
    this.#separator = this.#outer === "array" ? "needed" : "none";
  }

  #complete(what: Cut["what"], raw: string): void {
    this.#refuseLong(raw.length);
    if (what !== "envelope") this.#fills += 1;
    this.#cut = { what, row: what === "envelope" ? this.#fills + 1 : this.#fills, raw };
  }
}
