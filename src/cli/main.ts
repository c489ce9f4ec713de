// The command: picks the subcommand. Started as `ld` (libexec/ld), it takes GNU ld's command line.

process.stderr.write("solder: no subcommand is built in yet\n");
process.exitCode = 2;
