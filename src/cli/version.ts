// Versions that the command prints.

/** Solder's own: package.json's. */
export const version = "0.1.0";

/** The release of GNU ld whose behaviour and command line `solder ld` has. */
export const gnuLdVersion = "2.40";
