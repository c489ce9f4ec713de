// What a C++ mangled name says, as a tree. The parser (names.ts, types.ts, expressions.ts) builds it, print.ts writes it in
// GNU's way. Nodes that a substitution (S_, S0_, …) refers to are shared, so the tree is a graph without cycles.

/** An operator as the ABI codes it: two letters, what is printed, number of operands. */
export interface Operator {
  readonly code: string;
  readonly text: string;
  readonly operands: number;
}

export type Node =
  // Names
  | { readonly kind: "name"; readonly text: string }
  /** `std::string` and the like: the standard abbreviations. */
  | { readonly kind: "abbreviation"; readonly text: string }
  | { readonly kind: "scoped"; readonly scope: Node; readonly name: Node }
  /** An entity local to a function. `argument`: in the default argument with this number, counted from 1; 0: in the body. */
  | { readonly kind: "local"; readonly scope: Node; readonly name: Node; readonly argument: number }
  | { readonly kind: "tagged"; readonly name: Node; readonly tag: Node }
  | { readonly kind: "module"; readonly name: Node; readonly module: Node }
  /** `outer` `.` or `:` `name`. */
  | { readonly kind: "module-name"; readonly outer: Node | undefined; readonly partition: boolean; readonly name: Node }
  | { readonly kind: "template"; readonly name: Node; readonly args: readonly Node[] }
  | { readonly kind: "structor"; readonly destructor: boolean; readonly name: Node }
  | { readonly kind: "operator"; readonly operator: Operator }
  | { readonly kind: "literal-operator"; readonly name: Node }
  | { readonly kind: "vendor-operator"; readonly operands: number; readonly name: Node }
  | { readonly kind: "conversion"; readonly type: Node }
  | {
      readonly kind: "lambda";
      readonly head: readonly Node[];
      readonly parameters: readonly Node[];
      readonly index: number;
    }
  | { readonly kind: "unnamed"; readonly index: number }
  | { readonly kind: "binding"; readonly names: readonly Node[] }
  | { readonly kind: "friend"; readonly name: Node }
  /** A member function's name with the qualifiers of `this`, in the order in which they are printed. */
  | { readonly kind: "member"; readonly name: Node; readonly qualifiers: readonly Node[] }
  /** A function: its name, its type, the qualifiers of `this`. */
  | {
      readonly kind: "function";
      readonly name: Node;
      readonly type: FunctionType;
      readonly requires: Node | undefined;
    }
  /** `vtable for X`, `construction vtable for X-in-Y`, `X [clone .cold]`: words around nodes. */
  | {
      readonly kind: "words";
      readonly before: string;
      readonly of: Node;
      readonly between: string;
      readonly and?: Node;
    }
  // Template parameters and packs
  /** T_, T0_, …: an argument of the template whose function's type is being printed. */
  | { readonly kind: "parameter"; readonly index: number }
  /** A parameter of a generic lambda's own template head, by kind: `typename`, a type, `template`. */
  | {
      readonly kind: "head-parameter";
      readonly of: "type" | "value" | "template" | "pack";
      readonly inner: readonly Node[];
    }
  | { readonly kind: "pack"; readonly items: readonly Node[] }
  | { readonly kind: "expansion"; readonly pattern: Node }
  // Types
  /** `literal`: what follows a literal of the type (`ul`), or undefined where the type has to be shown. */
  | { readonly kind: "builtin"; readonly text: string; readonly literal: string | undefined }
  | { readonly kind: "pointer"; readonly mark: "*" | "&" | "&&"; readonly to: Node }
  | { readonly kind: "qualified"; readonly text: "const" | "volatile" | "restrict"; readonly of: Node }
  /** Words after a type: vendor qualifiers, `_Complex`. */
  | { readonly kind: "suffixed"; readonly of: Node; readonly suffix: Node }
  | { readonly kind: "member-pointer"; readonly owner: Node; readonly to: Node }
  | { readonly kind: "array"; readonly size: Node | undefined; readonly of: Node }
  | { readonly kind: "vector"; readonly size: Node; readonly of: Node }
  | FunctionType
  | { readonly kind: "decltype"; readonly of: Node }
  // Expressions
  | { readonly kind: "literal"; readonly type: Node; readonly negative: boolean; readonly value: string }
  | { readonly kind: "function-parameter"; readonly index: number }
  | { readonly kind: "nullary"; readonly operator: Operator }
  | { readonly kind: "unary"; readonly operator: Operator; readonly operand: Node; readonly after: boolean }
  | { readonly kind: "vendor-unary"; readonly name: Node; readonly operand: Node }
  | { readonly kind: "binary"; readonly operator: Operator; readonly left: Node; readonly right: Node }
  | { readonly kind: "conditional"; readonly test: Node; readonly yes: Node; readonly no: Node }
  /** (type)operand */
  | { readonly kind: "cast"; readonly type: Node; readonly operand: Node }
  /** static_cast<type>(operand) */
  | { readonly kind: "named-cast"; readonly name: string; readonly type: Node; readonly operand: Node }
  | {
      readonly kind: "new";
      readonly placement: readonly Node[];
      readonly type: Node;
      readonly initializer: Node | undefined;
    }
  | {
      readonly kind: "fold";
      readonly code: string;
      readonly operator: Node;
      readonly first: Node;
      readonly second?: Node;
    }
  /** Comma-separated, in parentheses where it stands as an operand. */
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "braces"; readonly type: Node | undefined; readonly items: readonly Node[] }
  /** `.name=value`, `[from]=value`, `[from ... to]=value` in braces. */
  | {
      readonly kind: "designator";
      readonly code: string;
      readonly from: Node;
      readonly to?: Node;
      readonly value: Node;
    }
  /** ` noexcept(x)`, ` throw(A, B)`, ` const` after a function's parameters. */
  | { readonly kind: "clause"; readonly text: string; readonly items: readonly Node[] };

export interface FunctionType {
  readonly kind: "function-type";
  readonly returns: Node | undefined;
  readonly parameters: readonly Node[];
  /** ` const`, ` &`, ` noexcept`: in the order in which they are printed. */
  readonly qualifiers: readonly Node[];
}

export function name(text: string): Node {
  return { kind: "name", text };
}
