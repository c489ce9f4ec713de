// Words for links that a script lays out: memory regions, addresses, program headers, orphans.

import type { MessageTable } from "./table.ts";

export const layoutMessages: MessageTable = {
  // Memory
  "region-redeclared": {
    message: "redeclaration of memory region `{region}'",
    cure: "the later one counts; give it another name",
  },
  "region-undeclared": {
    message: "memory region `{region}' not declared",
    cure: "declare it in MEMORY, before SECTIONS",
  },
  "region-alias-twice": { message: "redefinition of memory region alias `{alias}'" },
  "region-alias-unknown": {
    message: "memory region `{region}' for alias `{alias}' does not exist",
    cure: "declare the region in MEMORY before the alias",
  },
  "region-alias-default": { message: "alias `{alias}' for the default memory region" },
  "region-value": {
    message: "invalid origin or length of memory region `{region}'",
    cure: "both must be numbers that do not depend on where sections are",
  },
  "no-region": {
    message: "no memory region specified for loadable section `{section}'",
    cure: "write > REGION behind it, or give a region attributes that it has",
  },
  "region-outside": {
    message: "address 0x{address} of section `{section}' is not within region `{region}'",
    cure: "leave its address to the region, or move the region",
  },
  "region-full": { message: "section `{section}' will not fit in region `{region}'" },
  "region-overflow": {
    message: "region `{region}' overflowed by {bytes} bytes",
    cure: "make the region longer, put sections elsewhere, or link with --gc-sections",
  },
  "cross-reference": {
    message: "prohibited cross reference from {from} to `{symbol:symbol}' in {to}",
    cure: "what is not in memory at the same time cannot call each other: put them into one section, or take NOCROSSREFS away",
  },
  "relro-segment-empty": {
    message: "nothing is in the PT_GNU_RELRO segment that PHDRS asks for",
    cure: "mark what it covers by DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END",
  },
  "discarded-needed": {
    message: "discarded output section: `{section}'",
    cure: "what is linked needs it: name it in a section of the script, or take it out of /DISCARD/",
  },
  "section-two-load-addresses": {
    message: "section `{section}' has both a load address and a load region",
    cure: "leave out AT(…) or AT>",
  },

  // Addresses
  "script-dot-backwards": {
    message: "cannot move location counter backwards (from 0x{from} to 0x{to})",
    cure: "in a section `.' counts from the section's start",
  },
  "script-dot-value": {
    message: "invalid assignment to the location counter",
    cure: "it needs a value while sections are placed",
  },
  "script-address-value": {
    message: "non constant or forward reference address expression for section {section}",
    cure: "use only what stands before it in the script",
  },
  "script-load-value": {
    message: "nonconstant expression for load base of section {section}",
    cure: "use only what stands before it in the script; LOADADDR and SIZEOF of sections above, but not dot",
  },
  "tls-not-adjacent": {
    message: "TLS sections are not adjacent: {section} is not thread-local, and stands between {first} and {last}",
    cure: "name .tdata and .tbss one behind the other in the script",
  },
  "script-fill-constant": {
    message: "nonconstant expression for fill value",
    cure: "a fill is a number: =0x90",
  },
  "script-data-value": { message: "invalid data statement" },
  "script-discard-assignment": {
    message: "illegal use of `/DISCARD/' section",
    cure: "it takes patterns only",
  },
  "section-start-changed": { message: "start of section {section} changed by {bytes}" },
  "dot-moved-backwards": {
    message: "dot moved backwards before `{section}'",
    cure: "say where the section is loaded: AT(…)",
  },
  "link-order-mixed": {
    message: "{section} has both ordered and unordered sections",
    cure: "put sections with SHF_LINK_ORDER and others into sections of their own",
  },
  "section-type-changed": {
    message: "section `{section}' type changed to PROGBITS",
    cure: "put what has contents into another section than .bss",
  },

  // Segments
  "no-room-for-headers": {
    message: "{output}: not enough room for program headers",
    cure: "start at an address + SIZEOF_HEADERS, or link with -N",
  },
  "phdr-not-loaded": {
    message: "{output}: PHDR segment not covered by LOAD segment",
    cure: "add FILEHDR PHDRS to the first PT_LOAD",
  },
  "phdr-headers-late": {
    message: "PHDRS and FILEHDR of `{phdr}' are not supported when prior PT_LOAD headers lack them",
    cure: "put them on the first PT_LOAD",
  },
  "phdrs-unused": {
    message: "no sections assigned to phdrs",
    cure: "write :NAME behind the first section",
  },
  "phdr-unknown": {
    message: "section `{section}' assigned to non-existent phdr `{phdr}'",
    cure: "add it to PHDRS",
  },
  "section-lma-adjusted": { message: "section {section} lma 0x{from} adjusted to 0x{to}" },
  "section-not-in-segment": { message: "allocated section `{section}' not in segment" },
  "section-outside-segment": { message: "section `{section}' can't be allocated in segment {segment}" },

  // --enable-non-contiguous-regions
  "section-fits-nowhere": {
    message: "section `{section}' ({bytes} bytes) fits into none of the output sections that match it: {outputs}",
    cure: "make a region larger, or name the section in a section of another region",
  },
  "section-may-move": {
    message:
      "--enable-non-contiguous-regions may change behaviour for section `{section}' (assigned to {from}, but additional match: {to})",
  },

  // Orphans
  "orphan-unplaced": {
    message: "unplaced orphan section `{section}'",
    cure: "name it in a pattern of the script, or in /DISCARD/",
  },
  "orphan-section": {
    message: "orphan section `{section}' placed in section `{output}'",
    cure: "name it in a pattern of the script",
  },
  "expression-unknown-region": { message: "undefined MEMORY region `{region}' referenced in expression" },
};
