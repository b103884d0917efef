import type { Check } from "./check.ts";
import { i1 } from "./checks/i1.ts";
import { i2 } from "./checks/i2.ts";
import { i3 } from "./checks/i3.ts";
import { i4 } from "./checks/i4.ts";
import { i5 } from "./checks/i5.ts";
import { i6 } from "./checks/i6.ts";
import { i7 } from "./checks/i7.ts";
import { i8 } from "./checks/i8.ts";
import { i9 } from "./checks/i9.ts";

export const checks: readonly Check[] = [i1, i2, i3, i4, i5, i6, i7, i8, i9];
