/** The commands: their names and one line each. Only the one that runs is loaded. */
import type { Command } from "commander";
import type { Session } from "./session.ts";

export interface CommandFile {
  /** Gives the command its arguments, options and action. */
  define(command: Command, session: Session): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandFile>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: "import",
    summary: "record fills from files",
    load: () => import("./commands/import.ts"),
  },
  {
    name: "compute",
    summary: "bring the conclusions up to date",
    load: () => import("./commands/compute.ts"),
  },
  {
    name: "review",
    summary: "what needs a person: list, show, resolve, reopen",
    load: () => import("./commands/review.ts"),
  },
  {
    name: "correct",
    summary: "void a fact, or replace it, by appending",
    load: () => import("./commands/correct.ts"),
  },
  {
    name: "opening-lot",
    summary: "add quantity from before the recorded history",
    load: () => import("./commands/opening-lot.ts"),
  },
  {
    name: "fee-value",
    summary: "say what fees in other assets were worth",
    load: () => import("./commands/fee-value.ts"),
  },
  {
    name: "verify",
    summary: "prove the ledger's invariants",
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "report",
    summary: "show profits, lots, allocations and more",
    load: () => import("./commands/report.ts"),
  },
  {
    name: "explain",
    summary: "show where a figure comes from",
    load: () => import("./commands/explain.ts"),
  },
  {
    name: "versions",
    summary: "list, publish or drop computed versions",
    load: () => import("./commands/versions.ts"),
  },
  {
    name: "checkpoint",
    summary: "sign the heads of all books, to keep elsewhere",
    load: () => import("./commands/checkpoint.ts"),
  },
  {
    name: "diff",
    summary: "which sales changed, by how much, and why",
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "legacy",
    summary: "take over an old system's orders, and see what it had wrong",
    load: () => import("./commands/legacy.ts"),
  },
  {
    name: "export",
    summary: "write the facts to files, or a proof of the ledger to one",
    load: () => import("./commands/export.ts"),
  },
  {
    name: "db",
    summary: "status, migration and copies of the database",
    load: () => import("./commands/db.ts"),
  },
  {
    name: "generate",
    summary: "make up fills, for trying things out",
    load: () => import("./commands/generate.ts"),
  },
  {
    name: "start",
    summary: "a demonstration in a throwaway directory",
    load: () => import("./commands/start.ts"),
  },
];
