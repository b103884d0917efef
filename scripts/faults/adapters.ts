/** Faults of what reads files: caught without a database. */
import { faultsOf } from "./fault.ts";

export const adapterFaults = [
  ...faultsOf("src/adapters/json.ts", "test/adapters/lotbook-ndjson.test.ts", {
    "of two equal keys in an object the last is taken": [
      "if (keys.has(key))",
      "if (keys.size > 1000)",
    ],
    "an escape hides that a key is the same": [
      'return quoted.includes("\\\\") ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);',
      "return quoted.slice(1, -1);",
    ],
    "objects may be nested without end": [
      "if (open.length === deepest)",
      "if (open.length === 2 ** 31)",
    ],
  }),
  ...faultsOf("src/adapters/encoding.ts", "test/adapters/formats.test.ts", {
    "a compressed file is taken for text": ['["\\x1f\\x8b", "is compressed (gzip)", unpack],', ""],
  }),
  ...faultsOf(
    "src/adapters/encoding.ts",
    "test/adapters/fuzz.test.ts",
    {
      "a line without an end is kept in memory": [
        "if (carriedLength > longest) throw",
        "if (carriedLength > longest * 8) throw",
      ],
      "a character that is cut in two is no text": [
        "while (good > 0 && !isUtf8(text.subarray(0, good))) good -= 1;",
        "",
      ],
    },
    "a line |cut in two",
  ),
  ...faultsOf("src/adapters/csv/table.ts", "test/adapters/lotbook-csv.test.ts", {
    "a byte order mark before a row becomes a part of its id": [" && !raw.startsWith(mark)", ""],
  }),
];
