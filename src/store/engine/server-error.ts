/** What the server said no with, the same on every engine; `code` is the SQLSTATE. */
export class ServerError extends Error {
  readonly code: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly where: string | undefined;
  readonly schema: string | undefined;
  readonly table: string | undefined;
  readonly column: string | undefined;
  readonly constraint: string | undefined;

  constructor(fields: ServerErrorFields, cause?: unknown) {
    super(
      fields.message ?? "the server gave no reason",
      cause === undefined ? undefined : { cause },
    );
    this.name = "ServerError";
    this.code = fields.code ?? "XX000";
    this.detail = fields.detail;
    this.hint = fields.hint;
    this.where = fields.where;
    this.schema = fields.schema;
    this.table = fields.table;
    this.column = fields.column;
    this.constraint = fields.constraint;
  }
}

/** The fields of an ErrorResponse, as both drivers name them. */
export interface ServerErrorFields {
  readonly message?: string | undefined;
  readonly code?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
}
