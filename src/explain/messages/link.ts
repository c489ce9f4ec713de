// Words for what can go wrong in a link: finding files, binding symbols, relocating, laying out.

import type { MessageTable } from "./table.ts";

const recompile = "recompile with -fPIC";

const noTable = "no .eh_frame_hdr table will be created";

export const linkMessages: MessageTable = {
  // Finding inputs
  "no-input-files": { message: "no input files" },
  "emit-relocs-stripped": {
    message: "--emit-relocs with --strip-all: relocations need the symbol table",
    cure: "leave out -s; --strip-debug (-S) is possible",
  },
  "commons-undefined": {
    message: "--no-define-common without -shared: a program has to define its common symbols",
  },
  "no-compressor": {
    message: "--compress-debug-sections={style}: there is no such compressor here",
    cure: "use zlib; zstd needs Node 22.15 or later",
  },
  "file-not-found": { message: "cannot find {path}[[: {reason}]]" },
  "file-changed": {
    message: "it was changed while it was read",
    cure: "link again when nothing writes to it: make whatever builds it a prerequisite of this link",
  },
  "library-not-found": {
    message: "cannot find -l{name}[[: directories searched: {searched}]]",
    more: [
      "only for another machine: {skipped}",
      "{sharedOnly} is there, but only archives are looked for: link without -static or -Bstatic, or install lib{name}.a",
      "{runtimeOnly} is there, but that is for running programs only: install the package for developing with it",
      "did you mean -l{suggestion}? {suggestionIn} is there",
    ],
    cure: "add the library's directory with {pathOption}, or install the package that holds it",
  },
  "archive-no-index": { message: "archive has no index: its members were read to make one", cure: "run ranlib on it" },
  "archive-backref": {
    message: "backward reference[[ from {user}]]: the archive of this member stands before the file that needs it",
    cure: "put the archive after the files that use it; GNU ld would not have found the member",
  },
  "archive-member-not-object": { message: "archive member is no object: it is left out" },
  "needed-library-not-found": {
    message: "{library}, needed by this library, not found (try using -rpath or -rpath-link)",
    cure: "give its directory with -rpath-link, or name the library on the command line",
  },
  "skipping-incompatible": {
    message: "skipping incompatible library: it is for {found}, the output for {expected}",
  },
  "static-link-of-shared": {
    message: "attempted static link of dynamic object",
    cure: "link the library's archive instead, or link without -static, -Bstatic or -r",
  },
  "executable-as-input": {
    message: "cannot use executable file as input to a link",
    cure: "link the objects that it was made from",
  },
  "link-against-pie": {
    message: "cannot link against a position-independent executable",
    cure: "build it with -shared to link against it, or load it as a plugin with -rdynamic",
  },
  "not-linkable-elf": { message: "an ELF file, but no object, shared library or archive: it cannot be linked" },
  "just-symbols-shared": {
    message: "--just-symbols takes addresses, and those of a shared library or PIE are not known yet",
    cure: "link with it, or give the program that was linked with -no-pie",
  },
  "just-symbols-kind": { message: "--just-symbols needs a program or an object" },
  "group-end-without-start": { message: "--end-group without --start-group" },
  "nested-lib": { message: "--start-lib may not stand inside of another --start-lib" },
  "lib-end-without-start": { message: "--end-lib without --start-lib" },
  "script-nesting": { message: "linker scripts name each other too deeply: do they include themselves?" },

  // Symbols
  "undefined-symbol": {
    message: "undefined reference to `{symbol:symbol}'",
    lists: [{ places: "references", label: "referenced by", lineOf: 0 }],
    more: [
      "the reference is {visibility}: only this link can define the symbol, no shared library",
      "defined in {sharedHidden}, but not exported there",
      "defined in {localIn}, but static there: other files cannot use it",
      "defined in {archive}, which was not taken out of its archive",
      "{slimArchive} holds slim LTO objects, which hide what they define: recompile them with -ffat-lto-objects or without -flto",
      "a vtable is made with its class's first virtual function that is neither inline nor pure: define that of {keyFunctionOf:symbol}",
      "its vtable is in {withoutRtti}, which was compiled with -fno-rtti: compile all files alike",
      "this belongs to {driverOption}: give that to the compiler when linking, too",
      "a program starts at main: define it, or give -shared or -c if {program} is not to be a program",
      '{definedAsCxx:symbol} is defined as C++[[ in {suggestionIn}]]: declare it extern "C" where it is defined, or use it from C++',
      '{definedAsC} is defined as C[[ in {suggestionIn}]]: declare it extern "C" where it is used',
      "did you mean {suggestion:symbol}[[, in {suggestionIn}]]?",
      "{otherParameters:symbol} is defined[[ in {suggestionIn}]]: the same function with other parameters or qualifiers",
      "{otherScope:symbol} is defined[[ in {suggestionIn}]]: the same name in another namespace or class",
      "defined in {libraryFile}: add -l{library}",
      "defined in {cxxLibrary}: link with g++ or clang++, or add -lstdc++",
    ],
  },
  "undefined-version": {
    message:
      "version {version} is assigned to {symbol:symbol}, which is not defined[[; did you mean {suggestion:symbol}?]]",
  },
  "version-node-missing": {
    message: "symbol {symbol:symbol} names version {version}, which the version script does not define",
    cure: "add the version {version} to the version script",
  },
  "version-name-taken": {
    message: "a symbol stands for the version `{symbol:symbol}', which something else defines already",
    cure: "rename the version in the version script, or the symbol",
  },
  "version-unmet": {
    message: "no library defines version {version} of {symbol:symbol}, which is referred to",
    cure: "link the library that defines {symbol}@{version}",
  },
  "required-symbol-undefined": {
    message: "required symbol `{symbol:symbol}' not defined",
    cure: "link the file that defines it, or leave --require-defined out",
  },
  "duplicate-symbol": {
    message: "multiple definition of `{symbol:symbol}'",
    lists: [
      { places: "first", label: "first defined at", lineOf: 0 },
      { places: "second", label: "defined again at", lineOf: 1 },
    ],
    more: ["{sameFile} is linked twice[[, which clashes in {others} more symbols]]: name it once"],
    cure: "define it in one file only (in a header: extern for a variable, inline for a function), or take the first with {takeFirst}",
  },
  "shared-undefined": {
    message: "undefined reference to `{symbol:symbol}' in a shared library",
    cure: "link the library that defines it, or allow it with --allow-shlib-undefined",
  },
  "dso-missing": {
    message: "undefined reference to symbol `{symbol:symbol}': {library} defines it; DSO missing from command line",
    cure: "name {library} on the command line, or use --copy-dt-needed-entries",
  },
  "hidden-symbol-in-dso": {
    message: "{visibility} symbol `{symbol:symbol}' is referenced by DSO[[ {library}]]",
    cure: "give the symbol default visibility, or link a library that defines it",
  },
  "hidden-undefined": {
    message: "{visibility} symbol `{symbol:symbol}' isn't defined",
    cure: "define it in this link: its visibility keeps it from being found in a shared library",
  },
  "tls-mismatch": {
    message: "`{symbol:symbol}' is thread-local in {threadLocal} and not in {other}",
    cure: "declare it thread_local (or __thread) in every file, or in none",
  },
  "discarded-reference": {
    message: "[[`{symbol:symbol}' ]]defined in discarded section `{target}' is referenced here",
    cure: "keep the section, if a script discards it; copies of an inline function that differ between files: compile all again, with the same flags",
  },
  "entry-missing": {
    message: "cannot find entry symbol {symbol:symbol}; {effect}",
    cure: "define {symbol:symbol}, or name the entry with -e",
  },
  "untyped-symbol": {
    message: "type and size of dynamic symbol `{symbol:symbol}' are not defined",
    cure: "give it .type and .size where the library's assembler source defines it",
  },
  "symbol-type-changed": {
    message: "`{symbol:symbol}' is {after} here, and {before} in {library}, which finds this one",
    cure: "rename one of the two, or hide this one (static, visibility hidden) if the library is not meant to find it",
  },
  "common-size": {
    message: "size of symbol `{symbol:symbol}' is {definition}, but {size} in {other}",
    cure: "use one declaration for all files, and compile with -fno-common",
  },
  "common-alignment": {
    message:
      "alignment {definition} of `{symbol:symbol}' is smaller than {common}, which a common declaration asks for",
    more: ["declared in {other}"],
    cure: "use one declaration for all files, and compile with -fno-common",
  },
  "definition-over-common": { message: "definition of `{symbol:symbol}' overriding common from {other}" },
  "common-under-definition": { message: "common of `{symbol:symbol}' overridden by definition from {other}" },
  "common-over-smaller": { message: "common of `{symbol:symbol}' overriding smaller common from {other}" },
  "common-under-larger": { message: "common of `{symbol:symbol}' overridden by larger common from {other}" },
  "common-again": { message: "multiple common of `{symbol:symbol}': the other one is in {other}" },
  "gnu-warning": {
    message: "{text}",
    lists: [{ places: "references", label: "referenced by", lineOf: 0 }],
  },
  "constructors-size": {
    message: "size {size} is no multiple of {word}: addresses of constructors or destructors are expected",
  },
  "sframe-damaged": { message: "stack trace information cannot be read: no .sframe will be created" },
  "sframe-mismatch": {
    message: "stack trace information has another {what} than that of the files before",
    cure: "compile all files with one version of the assembler, or leave it out with --discard-sframe",
  },
  "sframe-overflow": {
    message: "a function is too far away to be described",
    cure: "leave the stack trace information out with --discard-sframe",
  },
  "file-warning": { message: "{text}" },
  "symbol-defined": { message: "definition of {symbol:symbol}" },
  "symbol-referenced": { message: "reference to {symbol:symbol}" },

  // --gc-sections
  "relative-relocation": { message: "{type} for address {address:hex}[[, a slot: {slot}]][[, {form}]]" },
  "gc-removed": { message: "removing unused section '{section}'" },
  "gc-needs-root": {
    message: "--gc-sections with -r has no symbol to start from",
    cure: "name what must stay with -e or -u",
  },
  "gc-needs-linked-section": {
    message: "section names no code that it belongs to, which --gc-sections has to know",
    cure: "recompile with a newer compiler, which links it by SHF_LINK_ORDER, or leave out --gc-sections",
  },

  // Relocations
  "relocation-overflow": {
    message:
      "relocation truncated to fit: {type} against `{symbol:symbol}'[[: {value:hex}]][[ is not in {min:hex} to {max:hex}]]",
    cure: "the target is too far away or the value too large: compile with -mcmodel=medium or large, or make the output smaller",
  },
  "got-relaxation-overflow": {
    message: "relocation truncated to fit: {type} against `{symbol:symbol}', whose load from the GOT was relaxed",
    cure: "give --no-relax",
  },
  "relocation-tls-symbol": {
    message: "relocation {type} cannot be used against the thread-local `{symbol:symbol}'",
    cure: "declare it thread_local (or __thread) in the file that uses it, too",
  },
  "relocation-unknown": { message: "unrecognized relocation type {type}" },
  "needs-pic": {
    message:
      "relocation {type} against `{symbol:symbol}' can not be used when making {output:output}[[; recompile with {option}]]",
    more: ["the object has {others} more of them"],
    cure: "to keep the code as it is, link with {alternative}",
  },
  "text-relocation": {
    message: "relocation against `{symbol:symbol}' in a read-only section",
    cure: `${recompile}, or allow text relocations with -z notext`,
  },
  "mbind-info": {
    message: 'GNU_MBIND section "{section}" has the number {info} in sh_info: no segment is written for it',
    cure: "the numbers of special memory go from 0 to {largest}",
  },
  "output-too-large": {
    message: "the output would be {size} bytes long; {largest} is the most that can be written",
    cure: "look for a section of absurd size or address: a damaged object, or -T and --section-start far apart",
  },
  "preinit-array-in-shared": {
    message: ".preinit_array section is not allowed in a shared library: it runs before any library is initialised",
    cure: "move the function to .init_array, or link it into the program",
  },
  "ifunc-text-relocation": {
    message: "IFUNCs beside text relocations: a resolver may be called while its code is not executable",
    cure: "recompile with {option}",
  },
  "ifunc-relocation": {
    message: "{type} against `{symbol:symbol}', an IFUNC: which function it is, nobody knows before the program runs",
    cure: "refer to the function itself, or recompile with -fPIC",
  },
  "address-protected": {
    message:
      "{type} takes the address of protected function `{symbol:symbol}'[[ of {library}]], which is another one there",
    cure: "recompile with -fPIE, or give the symbol default visibility in the library",
  },
  "copy-relocation-protected": {
    message: "copy relocation against protected symbol `{symbol:symbol}'[[ of {library}]]",
    cure: "recompile with -fPIE, or give the symbol default visibility in the library",
  },
  "copy-relocation-forbidden": {
    message:
      "{type} against `{symbol:symbol}'[[ of {library}]] needs a copy of the variable, which -z nocopyreloc forbids",
    cure: "recompile with -fPIE",
  },
  "tls-sequence": {
    message:
      "{type} against `{symbol:symbol}': the instructions are not a thread-local access as the psABI prescribes it",
    cure: "compile the file again; in an assembler file write the access as compilers do",
  },

  // Output
  "exec-stack": {
    message: "missing .note.GNU-stack section implies executable stack",
    cure: "assemble with --noexecstack, or give -z noexecstack",
  },
  "exec-stack-note": {
    message: "requires executable stack (because the .note.GNU-stack section is executable)",
    cure: "give -z noexecstack if the file does not run code on the stack",
  },
  "exec-stack-option": { message: "enabling an executable stack because of -z execstack command line option" },
  "output-sections-overlap": {
    message: "section {section} [{start},{end}] overlaps section {other} [{otherStart},{otherEnd}]",
    cure: "give them other addresses, or --no-check-sections if they are never there at the same time",
  },
  "section-wraps": {
    message: "section {section} {kind} wraps around address space",
    cure: "place it lower, or make it smaller: it ends behind the last address",
  },
  "segment-address-unaligned": {
    message: "address of `{segment}' isn't multiple of maximum page size",
    cure: "give a multiple of {page:hex}",
  },
  "rwx-segment": {
    message: "{output} has a LOAD segment with RWX permissions",
    cure: "use -z separate-code, or give the sections different permissions",
  },

  "internal-relocation-count": {
    message: "internal error: {counted} dynamic relocations were counted[[, {written} written]]",
    cure: "this is a bug: please report it with the files of the link",
  },

  // Program properties
  "property-note-cut-short": {
    message: "the GNU property note is cut short: the file counts as having none",
    cure: "compile the file again",
  },
  "property-size": {
    message:
      "corrupt GNU property {type:hex}: {size} bytes where {expected} are expected; the file counts as having none",
    cure: "compile the file again",
  },
  "property-unsupported": { message: "unsupported GNU property type {type:hex}: it is left out" },
  "property-missing": {
    message: "missing properties: {properties}",
    cure: "compile with -fcf-protection for IBT and SHSTK",
  },
  "isa-level": { message: "x86 ISA {what}: {levels}" },

  // Unwind tables: the section is copied as it is, and .eh_frame_hdr gets no table
  "eh-frame-cut-short": { message: `unwind record is cut short; ${noTable}` },
  "eh-frame-after-end": { message: `unwind records after the terminator; ${noTable}` },
  "eh-frame-no-cie": { message: `unwind record refers to no CIE in front of it; ${noTable}` },
  "eh-frame-version": { message: `CIE of unknown version {version}; ${noTable}` },
  "eh-frame-augmentation": { message: `CIE with unknown augmentation "{augmentation}"; ${noTable}` },
  "eh-frame-encoding": { message: `unknown pointer encoding {encoding:hex} in a CIE; ${noTable}` },
  "eh-frame-no-relocation": { message: `unwind record whose function no relocation names; ${noTable}` },
  "eh-frame-absolute": { message: `absolute function addresses in unwind records; ${noTable}`, cure: recompile },
  "eh-frame-header-overflow": {
    message: "a function or unwind record is more than 2 GiB away from .eh_frame_hdr",
    cure: "keep the code within 2 GiB",
  },
};
