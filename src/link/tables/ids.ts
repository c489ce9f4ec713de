// Which table a number indexes. All ids are plain integers: columns are typed arrays, and nothing is allocated per item.

/** Index into `Inputs.objects`. */
export type ObjectId = number;
/** Index into `Inputs.shared`. */
export type SharedId = number;
/** Index into the section columns: every section of every object, in loading order. */
export type SectionId = number;
/** Index into the name table and, with the same number, into the symbol columns. */
export type SymbolId = number;
/** Index into `Layout.sections`. */
export type OutputSectionId = number;

/** In place of a SectionId: the symbol has no section (undefined, or defined by a shared library). */
export const SECTION_NONE = -1;
/** In place of a SectionId: an absolute symbol; its value is its value. */
export const SECTION_ABSOLUTE = -2;
/** In place of a SectionId: defined by the linker relative to output section `SymbolTable.alias`. */
export const SECTION_OUTPUT = -3;
/** In place of a SectionId: in a chunk that the linker fills; `SymbolTable.alias` is the chunk (a common symbol, a copied variable). */
export const SECTION_CHUNK = -4;
