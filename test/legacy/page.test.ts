/** The page of a comparison: whole in itself, escaped, exact where it says so. */
import { expect, test } from "vitest";
import { comparisonPage, forPage } from "../../src/legacy/page.ts";

const total = {
  quote: "USD",
  sales: 1,
  old_pnl: "-258.24",
  new_pnl: "-0.339362",
  difference: "257.900638",
};
const hostile = `</td><script>alert("x")</script>\u202e'&`;
const sale = {
  portfolio: "default",
  symbol: "DOGE-USD",
  quote: "USD",
  venue: "coinbase",
  account: "main",
  order_id: hostile,
  closed_at: "2025-12-01T00:02:00Z",
  month: "2025-12",
  size: "226.25",
  unmatched: "0",
  cause: "stale parent id",
  old_pnl: null,
  new_pnl: "-1234567.1234565",
  difference: "-0.00000049",
  old_cost: null,
  new_cost: "31.0643625",
  old_proceeds: null,
  new_proceeds: "30.702125",
  old_parents: [hostile, "b", "c", "d", "e"],
  new_parents: [],
} as const;
const page = comparisonPage(
  {
    version: 1,
    method: "fifo",
    scope: "portfolio",
    known_at: { revision: 2, stamp: "2025-12-02T00:00:00.123456Z" },
    filters: { symbol: hostile },
    without_slices: 3,
  },
  {
    by_cause: [{ cause: "stale parent id", ...total }],
    by_symbol: [{ symbol: "DOGE-USD", ...total }],
    by_month: [{ month: "2025-12", ...total }],
    totals: [total],
  },
  [sale],
);

test("nothing from outside is markup, nothing runs, nothing is loaded", () => {
  expect(page).not.toMatch(/<script|<link|<img|src=|href=|@import|url\(/);
  expect(page).not.toContain("\u202e");
  expect(page.split("&lt;/td&gt;&lt;script&gt;").length - 1).toBe(3);
  expect(forPage(`<&>"'\n`)).toBe(String.raw`&lt;&amp;&gt;&quot;&#39;\u{a}`);
});

test("amounts are rounded in the tables, exact in titles and totals", () => {
  expect(page).toContain("Exactly: old -258.24, new -0.339362, difference 257.900638 USD.");
  expect(page).toContain('title="-1234567.1234565">−1\u2009234\u2009567.123457</td>');
  expect(page).toContain('<td class="number" title="-0.00000049">0.000000</td>');
  expect(page).toContain("and 2 more");
  expect(page).toContain("3 old sales are voided or not computed yet");
  expect(page.match(/<dt>/g)!.length).toBe(1);
});
